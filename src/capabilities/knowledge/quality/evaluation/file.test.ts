import { expect, it } from 'vitest';
import { readQuestions } from './file.ts';

const faultsOf = (text: string, name: string) => readQuestions(text, name).faults;

it('reads the same questions in four formats', () => {
  const questions = [
    { question: 'how, exactly', expect: ['a.md', 'b.md'], every: true, tags: ['x', 'y'] },
    { question: 'when', expect: ['none'] },
  ];
  const yaml = `
name: set
questions:
  - { question: 'how, exactly', expect: [a.md, b.md], every: true, tags: [x, y] }
  - { question: when, expect: [none] }
`;
  const csv = 'question,expect,every,tags\n"how, exactly",a.md | b.md,true,x|y\nwhen,none,,\n';
  expect(readQuestions(yaml, 'q.yaml')).toEqual({ input: { name: 'set', questions } });
  expect(readQuestions(JSON.stringify(questions), 'q.json')).toEqual({ input: { questions } });
  expect(readQuestions(`${questions.map((one) => JSON.stringify(one)).join('\n\n')}\n`, 'q.jsonl')).toEqual({
    input: { questions },
  });
  expect(readQuestions(`\uFEFF${csv}`, 'q.csv')).toEqual({ input: { questions } });
});

it('tells every fault with its line or index', () => {
  const yaml = `
limit: 0
questions:
  - question: a
    expect: none
  - question: b
  - question: a
    expect: x.md
  - question: c
    expect: [none, x.md]
    wrong: 1
`;
  expect(faultsOf(yaml, 'q.yml')).toEqual([
    expect.stringMatching(/^limit: /),
    'line 6: expect is missing: name documents, a phrase, or none',
    'line 7: id stands there twice: give it an id',
    expect.stringMatching(/^line 9: .*"wrong"/),
    'line 9: expect none stands alone',
  ]);
  const twice = 'question,expect\na,x.md\n\na,y.md\nb,none\nb,none\n';
  expect(faultsOf(twice, 'q.csv')).toEqual([
    'line 4: id stands there twice: give it an id',
    'line 6: id stands there twice: give it an id',
  ]);
  const lines = '{"question":"a","expect":"none"}\n{"question":\n\n{"quest\n{"question":"b"}\n';
  expect(faultsOf(lines, 'q.jsonl')).toEqual([
    'line 2: not valid JSON',
    'line 4: not valid JSON',
    expect.stringMatching(/^line 5: expect /),
  ]);
  const both = [
    { question: 'a', expect: ['x', 'y'], every: true, phrase: 'p' },
    { question: 'b', expect: 'none', phrase: 'p' },
  ];
  expect(faultsOf(JSON.stringify({ questions: both }), 'q.json')).toEqual([
    expect.stringMatching(/^questions\[0\]: phrase does not go with every/),
    expect.stringMatching(/^questions\[1\]: phrase goes with no question/),
  ]);
});

it('tells what is no such file', () => {
  expect(faultsOf('a: [', 'q.yaml')).toEqual([expect.stringMatching(/^line 1: is not YAML/)]);
  expect(faultsOf('x', 'q.txt')).toEqual([expect.stringMatching(/^file: its name must end in/)]);
  expect(faultsOf('', 'q.yaml')).toEqual([expect.stringMatching(/questions/)]);
  expect(faultsOf('question,expect\n"a', 'q.csv')).toEqual([expect.stringMatching(/^is not CSV/)]);
});
