import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../src/config/index.ts';
import { type Fairlead, startFairlead } from './harness.ts';

const folder = join(packageRoot, 'examples/knowledge');

export interface ShippedQuestion {
  question: string;
  expect?: string | string[];
  phrase?: string | string[];
  tags: string[];
}

/** The questions of examples/knowledge. */
export function shippedQuestions(): { name: string; questions: ShippedQuestion[] } {
  return parse(readFileSync(join(folder, 'questions.yaml'), 'utf8'));
}

/** A server with the documents of examples/knowledge, all of them read. */
export async function startShippedCorpus(): Promise<Fairlead> {
  const config = parse(readFileSync(join(folder, 'fairlead.yaml'), 'utf8'));
  let sources = 0;
  for (const collection of Object.values<{ sources: Record<string, { folder: string }> }>(config.knowledge.collections))
    for (const source of Object.values(collection.sources)) {
      source.folder = join(folder, source.folder);
      sources += 1;
    }
  const fairlead = await startFairlead({ config });
  await vi.waitFor(
    async () => {
      const { runs } = await (await fairlead.request('/api/v1/knowledge/runs')).json();
      expect(runs.map(({ state, counts }: never) => [state, counts])).toEqual(
        Array.from({ length: sources }, () => ['done', expect.objectContaining({ failed: 0 })]),
      );
    },
    { timeout: 120_000, interval: 200 },
  );
  return fairlead;
}
