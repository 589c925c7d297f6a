import { describe, expect, it } from 'vitest';
import { partsOf } from './decompose.ts';

describe('the questions in a question', () => {
  it.each([
    ['how do we roll back a release and who must be told?', 'how do we roll back a release', 'who must be told'],
    ['Where are backups kept? How long do we keep them?', 'Where are backups kept', 'How long do we keep them'],
    ['1. how to deploy\n2. where logs are kept', 'how to deploy', 'where logs are kept'],
    ['What is the difference between queues and topics?', 'queues', 'topics'],
    ['compare retries and time-outs of the worker', 'retries of the worker', 'time-outs of the worker'],
    ['Redis vs. Postgres for rate limits', 'Redis for rate limits', 'Postgres for rate limits'],
    ['Wie rollen wir zurück und wer wird informiert?', 'Wie rollen wir zurück', 'wer wird informiert'],
    ['Unterschied zwischen Staging und Produktion', 'Staging', 'Produktion'],
    ['différence entre les files et les sujets', 'les files', 'les sujets'],
    ['diferencia entre colas y temas', 'colas', 'temas'],
  ])('%j', (question, ...parts) => {
    expect(partsOf(question)).toEqual(parts);
  });

  it.each([
    'how do we build and test a release',
    'search and replace in files',
    'when and how is the database backed up',
    'ECONNREFUSED when the worker starts',
    'what is this; x',
    'a\nb\nc\nd\ne\nf',
    '"how is this" and what',
    '',
    '???',
  ])('%j is one', (question) => {
    expect(partsOf(question)).toEqual([question]);
  });

  it('comes to an end for hostile ones', () => {
    const hostile = `compare ${'and what '.repeat(400)}${' vs '.repeat(400)}`;
    expect(partsOf(hostile)).toEqual([hostile]);
  });
});
