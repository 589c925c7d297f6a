import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeCases } from '../../../../test/citations/judge.ts';
import { openTestDatabase, type TestDatabase } from '../../../../test/database.ts';
import { createStems } from '../lexical/stems.ts';
import { createCheck } from './check.ts';
import { comparedWords } from './evidence.ts';
import { sentencesOf } from './sentences.ts';

// `npm run bench:knowledge -- --citations` prints the figures, and what is judged wrongly.

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase([]);
});
afterAll(() => database?.stop());

describe('sentences are let through that stand in what they cite, and no others', () => {
  it('of the cases by which the rules were chosen', async () => {
    const { cases, precision, recall, wrong } = await judgeCases(database.db, 'chosen');
    expect(cases).toBeGreaterThanOrEqual(140);
    expect(precision, wrong.join('\n')).toBe(1);
    expect(recall, wrong.join('\n')).toBeGreaterThan(0.95);
  });

  it('of cases that were set aside until they were', async () => {
    const { cases, precision, recall, caught, wrong } = await judgeCases(database.db, 'held');
    expect(cases).toBeGreaterThanOrEqual(70);
    expect(precision, wrong.join('\n')).toBeGreaterThan(0.95);
    expect(recall, wrong.join('\n')).toBeGreaterThan(0.8);
    expect(caught, wrong.join('\n')).toBeGreaterThan(0.95);
  });
});

describe('a citation', () => {
  const passages = [
    {
      title: 'Queues',
      headings: [],
      text: 'Orders go through the queue.\n\n```sh\nqueue drain --all\nqueue status\n```',
    },
    { title: 'Lunch', headings: [], text: 'The canteen serves lentils on Thursdays.' },
  ];
  const judge = async (answer: string) => {
    const texts = [...passages.flatMap(({ title, text }) => [title, text]), answer];
    const check = createCheck(
      passages,
      await createStems().of(database.db, 'english', new Set(comparedWords(texts))),
      'english',
    );
    return sentencesOf(answer).map(check);
  };

  it('without any part in its sentence is taken away', async () => {
    expect(await judge('Orders go through the queue [1][2].')).toMatchObject([{ isSupported: true, citations: [1] }]);
  });

  it('of what there is not, and none at all, cost the sentence', async () => {
    expect(await judge('Orders go through the queue [3]. Orders go through the queue.')).toEqual([
      { isSupported: false, reason: 'It cites [3], which there is not.' },
      { isSupported: false, reason: 'It cites no passage.' },
    ]);
  });

  it('of code holds where each of its lines stands there', async () => {
    const code = (line: string) => `Orders go through the queue [1].\n\n\`\`\`\nqueue status\n${line}\n\`\`\`\n`;
    expect((await judge(code('queue drain --all'))).map(({ isSupported }) => isSupported)).toEqual([true, true]);
    expect((await judge(code('queue drain --force'))).map(({ isSupported }) => isSupported)).toEqual([true, false]);
  });
});
