import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../kernel/json.ts';
import { renamesOf } from './renames.ts';

const item = (name: string, description: string, more: JsonObject = {}) => ({
  name,
  definition: {
    name,
    description,
    inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
    ...more,
  } as JsonObject,
});
const long = 'Reads a file from disk and returns what it holds as a text, whole or in part.';

describe('renamed tools', () => {
  it('are the same but for name and title', () => {
    const gone = [item('read_file', long), item('list_files', 'Lists what a folder holds.')];
    const come = [item('file_read', long, { title: 'Read' }), item('other', 'Something else altogether.')];
    expect(renamesOf(gone, come)).toEqual([{ from: 'read_file', to: 'file_read', exact: true }]);
  });

  it('may say it a little differently, in the text and of the parameters', () => {
    const come = item('read_text', `${long} Nothing else.`);
    come.definition.inputSchema = { type: 'object', properties: { path: { type: 'string', description: 'Where' } } };
    expect(renamesOf([item('read_file', long)], [come])).toEqual([
      { from: 'read_file', to: 'read_text', exact: false },
    ]);
  });

  it('are not those that do something else, or take something else', () => {
    const other = item('write_file', 'Writes a text to a file on disk, which it makes when there is none.');
    const wider = item('read_any', long, { inputSchema: { type: 'object', properties: { url: { type: 'string' } } } });
    expect(renamesOf([item('read_file', long)], [other, wider])).toEqual([]);
  });

  it('are each paired once, the likest names first, whatever the order', () => {
    const gone = [item('alpha_get', long), item('beta_get', long)];
    const come = [item('beta_fetch', long), item('alpha_fetch', long), item('gamma_fetch', long)];
    const pairs = [
      { from: 'alpha_get', to: 'alpha_fetch', exact: true },
      { from: 'beta_get', to: 'beta_fetch', exact: true },
    ];
    expect(renamesOf(gone, come)).toEqual(pairs);
    expect(renamesOf(gone.toReversed(), come.toReversed())).toEqual(pairs);
  });

  it('are not guessed where a definition says nothing of itself', () => {
    const bare = (name: string) => ({ name, definition: { name, inputSchema: { type: 'object' } } as JsonObject });
    expect(renamesOf([bare('a'), bare('b')], [bare('c')])).toEqual([]);
    expect(renamesOf([bare('a')], [bare('c')])).toEqual([{ from: 'a', to: 'c', exact: true }]);
  });

  it('are not looked for in a flood of long texts and names, which would hold everybody up', () => {
    const flood = (prefix: string, letter: string) =>
      Array.from({ length: 200 }, (_, at) => {
        const words = Array.from({ length: 2_500 }, (_, word) => `w${(word * 7 + at * 13) % 2_999}`);
        return item(`${prefix}${at}${letter.repeat(900)}`, `${words.join(' ')} ${prefix}`);
      });
    const startedAt = performance.now();
    expect(renamesOf(flood('old', 'x'), flood('new', 'x'))).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it('may be templates, whose name is their URI', () => {
    const template = (uriTemplate: string) => ({
      name: uriTemplate,
      definition: { uriTemplate, name: 'file', description: long },
    });
    expect(renamesOf([template('file:///{path}')], [template('files://{path}')])).toMatchObject([{ exact: true }]);
  });
});
