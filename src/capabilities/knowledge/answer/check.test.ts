import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CitationCase, citationCases, citationWorlds, figuresOf } from '../../../../test/citations.ts';
import { openTestDatabase, type TestDatabase } from '../../../../test/database.ts';
import { createStems } from '../lexical/stems.ts';
import { createCheck } from './check.ts';
import { comparedWords } from './evidence.ts';
import { sentencesOf } from './sentences.ts';

let database: TestDatabase;
const checks = new Map<string, ReturnType<typeof createCheck>>();

beforeAll(async () => {
  database = await openTestDatabase([]);
  const stems = createStems();
  for (const { name, language, passages, supported, unsupported } of citationWorlds) {
    const texts = [
      ...passages.flatMap(({ title, headings, text }) => [title, ...headings, text]),
      ...supported,
      ...unsupported,
    ];
    checks.set(name, createCheck(passages, await stems(database.db, language, comparedWords(texts)), language));
  }
});
afterAll(() => database?.stop());

const verdictOf = ({ world, sentence }: CitationCase) => {
  const [read] = sentencesOf(sentence);
  const check = checks.get(world.name);
  if (!read || !check) throw new Error('every case is a sentence of a world');
  return check(read);
};

describe.each(['chosen', 'held'] as const)('the half that was %s', (half) => {
  it('is judged', () => {
    const figures = figuresOf(citationCases(half), (one) => verdictOf(one).isSupported);
    const wrong = figures.wrong.map(
      (one) => `${one.isSupported ? 'dropped' : 'let through'}: ${one.sentence} ${JSON.stringify(verdictOf(one))}`,
    );
    if (process.env.SHOW)
      for (const one of citationCases(half))
        console.log(one.isSupported ? '+' : '-', JSON.stringify(verdictOf(one)), one.sentence);
    if (process.env.SHOW) console.log(half, { ...figures, wrong });
    expect(figures.cases).toBeGreaterThan(30);
  });
});
