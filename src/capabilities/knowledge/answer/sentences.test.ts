import { describe, expect, it } from 'vitest';
import { sentencesOf } from './sentences.ts';

const read = (answer: string) => sentencesOf(answer).map(({ text, citations }) => [text, ...citations]);

describe('an answer comes apart into sentences with what they cite', () => {
  it.each([
    ['before the full stop', 'It is red [1]. It is blue [2][3].', [['It is red.', 1], ['It is blue.', 2, 3]]],
    ['behind the full stop', 'It is red. [1] It is blue.[2, 3]', [['It is red.', 1], ['It is blue.', 2, 3]]],
    ['in the middle', 'It is red [1], or blue [2].', [['It is red, or blue.', 1, 2]]],
    ['written otherwise', 'A is b 【4†x】. C is d [[5]](http://e.example). E is f [^6]. G is h [passage 7]. I is j [8-10].', [
      ['A is b.', 4], ['C is d.', 5], ['E is f.', 6], ['G is h.', 7], ['I is j.', 8, 9, 10],
    ]],
    ['none', 'It is red. It is blue [1].', [['It is red.'], ['It is blue.', 1]]],
    ['on a line of its own', 'It is red.\n[1]\n\nIt is blue.\n\n[2]', [['It is red.', 1], ['It is blue.', 2]]],
  ])('%s', (_, answer, expected) => expect(read(answer)).toEqual(expected)); // biome-ignore format: a table
});

describe('a full stop ends nothing', () => {
  it.each([
    ['in English', 'See e.g. Postgres and Dr. Smith, i.e. J. Smith, vs. Redis 7.2 [1]. Then stop [2].', 2],
    ['in German', 'Am 3. Oktober, z. B. in Berlin, gilt bzw. galt Nr. 5 der Liste [1]. Danach nicht [1].', 2],
    ['in French', 'M. Dupont paie, p. ex. en mars, env. 3.50 euros [1]. « Oui. » dit-il [2].', 2],
    ['in Spanish', 'El Sr. López, p. ej. Ana, tiene aprox. 3 gatos [1]. ¿Vale? [2] Sí.', 3],
    ['in code', 'Run `a.sh. Then b.sh. [9]` and `x[0]` [1]. Done... or so [2].', 2],
    ['of an address', 'Go to https://a.example.com/x.y?z=1. It is there [1].', 2],
  ])('%s', (_, answer, count) => expect(sentencesOf(answer)).toHaveLength(count));
});

it('reads lists, tables and code, with what introduces them', () => {
  const answer = [
    '## Rolling back',
    '',
    'To roll back, do this:',
    '',
    '1. Stop the *worker* [1].',
    '2. Run it [2]:',
    '',
    '```sh',
    'deploy rollback',
    '',
    'deploy status. [9]',
    '```',
    '',
    '| what | how long |',
    '|---|---|',
    '| rollback | 4 min [3] |',
    '',
    'Done [4].',
  ].join('\n');
  expect(sentencesOf(answer)).toEqual([
    { text: 'To roll back, do this:', isCode: false, citations: [1, 2, 3], before: '', introduces: [1, 2, 3, 4, 5] },
    { text: 'Stop the *worker*.', isCode: false, citations: [1], before: '\n1. ', introduces: [] },
    { text: 'Run it:', isCode: false, citations: [2], before: '\n2. ', introduces: [3, 4, 5] },
    { text: 'deploy rollback\n\ndeploy status. [9]', isCode: true, citations: [2], before: '\n\n', introduces: [] },
    { text: '| what | how long |', isCode: false, citations: [], before: '\n', introduces: [] },
    { text: '| rollback | 4 min |', isCode: false, citations: [3], before: '\n', introduces: [] },
    { text: 'Done.', isCode: false, citations: [4], before: '\n\n', introduces: [] },
  ]);
});
