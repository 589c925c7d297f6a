import { describe, expect, it } from 'vitest';
import { wordsOf } from './words.ts';

const found = (text: string) => wordsOf(text).words.map(({ word }) => word);
const wholes = (text: string) =>
  wordsOf(text)
    .words.filter(({ isWhole }) => isWhole)
    .map(({ word }) => word);

describe('the words of a text', () => {
  it.each([
    ['getUserName', ['getusername', 'get', 'user', 'name']],
    ['HTTPServer', ['httpserver', 'http', 'server']],
    ['max_retry_count', ['max_retry_count', 'max', 'retry', 'count']],
    ['ERR_MODULE_NOT_FOUND', ['err_module_not_found', 'err', 'module', 'not', 'found']],
    ['./src/app/main.ts', ['src/app/main.ts', 'src', 'app', 'main.ts', 'main', 'ts']],
    ['node:fs', ['node:fs', 'node', 'fs']],
    ['@scope/package', ['scope/package', 'scope', 'package']],
    ['v1.2.3', ['1.2.3', '1.2']],
    ['E0308', ['e0308', '0308']],
    ['TS2345', ['ts2345', 'ts', '2345']],
    ['ECONNREFUSED', ['econnrefused']],
    ['boundary-layer', ['boundary', 'layer']],
    ['A-102', ['a-102', 'a', '102']],
    ['CVE-2024-1234', ['cve-2024-1234', 'cve', '2024', '1234']],
    ['a time-out of 30 s', ['a', 'time', 'out', 'of', '30', 's']],
    ["l'homme", ['l', 'homme']],
    ['Größe', ['größe']],
    ['日本語', ['日本語', '日本', '本語']],
  ])('has %s whole and by its parts [KN-5]', (text, words) => {
    expect(found(text)).toEqual(words);
  });

  it('counts parts as words that follow each other, and the whole at the first of them', () => {
    const { words, length } = wordsOf('call getUserName now');
    expect(words.map(({ word, at }) => `${word} ${at}`)).toEqual([
      'call 0',
      'getusername 1',
      'get 1',
      'user 2',
      'name 3',
      'now 4',
    ]);
    expect(length).toBe(5);
  });

  it('leaves a hash as it is, and a word that is too long out of the wholes', () => {
    expect(found('a3f9c2d4e5f6aa')).toEqual(['a3f9c2d4e5f6aa']);
    expect(wholes(`${'x'.repeat(200)}.ts`)).toEqual([]);
    expect(found('x'.repeat(200))[0]).toHaveLength(100);
  });

  it('finds nothing in what has no words', () => {
    expect(found('')).toEqual([]);
    expect(found('\0 \uD800 !? -- """ () | & <->')).toEqual([]);
  });

  it('takes the forms of a sign for one', () => {
    expect(found('ﬁle')).toEqual(found('file'));
    expect(found('e\u0301t\u00e9')).toEqual(['été']);
  });
});
