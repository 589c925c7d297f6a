import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCollection {
  documents: { id: string; title: string; text: string }[];
  queries: { id: string; text: string }[];
  /** How relevant which document is for which query. */
  judgements: Map<string, Map<string, number>>;
}

/** A folder as the BEIR benchmark has them: `corpus.jsonl`, `queries.jsonl`, `qrels.tsv`. */
export function readBeir(folder: string): TestCollection {
  const lines = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean);
  const records = (name: string) => lines(name).map((line) => JSON.parse(line) as Record<string, string | undefined>);
  const judgements = new Map<string, Map<string, number>>();
  for (const line of lines('qrels.tsv').slice(1)) {
    const [query = '', document = '', score = '0'] = line.split('\t');
    const known = judgements.get(query) ?? new Map<string, number>();
    judgements.set(query, known.set(document, Number(score)));
  }
  const all = records('queries.jsonl').map(({ _id = '', text = '' }) => ({ id: _id, text }));
  return {
    documents: records('corpus.jsonl').map(({ _id = '', title = '', text = '' }) => ({ id: _id, title, text })),
    queries: all.filter(({ id }) => [...(judgements.get(id)?.values() ?? [])].some((score) => score > 0)),
    judgements,
  };
}

export interface Quality {
  ndcgAt10: number;
  recallAt100: number;
  mrrAt10: number;
}

/** Means over the queries; `ranked` gives the documents found for each, best first. */
export function qualityOf({ queries, judgements }: TestCollection, ranked: ReadonlyMap<string, string[]>): Quality {
  const each = queries.map(({ id }) => {
    const relevant = new Map([...(judgements.get(id) ?? [])].filter(([, score]) => score > 0));
    const gains = (ranked.get(id) ?? []).map((document) => relevant.get(document) ?? 0);
    const first = gains.slice(0, 10).findIndex((gain) => gain > 0);
    return {
      ndcgAt10: discounted(gains) / discounted([...relevant.values()].sort((a, b) => b - a)),
      recallAt100: gains.slice(0, 100).filter((gain) => gain > 0).length / relevant.size,
      mrrAt10: first < 0 ? 0 : 1 / (first + 1),
    };
  });
  const mean = (of: (one: Quality) => number) => each.reduce((sum, one) => sum + of(one), 0) / each.length;
  return {
    ndcgAt10: mean((q) => q.ndcgAt10),
    recallAt100: mean((q) => q.recallAt100),
    mrrAt10: mean((q) => q.mrrAt10),
  };
}

const discounted = (gains: readonly number[]): number =>
  gains.slice(0, 10).reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0);
