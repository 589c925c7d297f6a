/** Questions of one scope that are looked through for one that means the same. */
const comparedAtMost = 200;

interface Entry<R> {
  ranking: R;
  text: string;
  vector?: Float32Array;
}

export interface CacheLimits {
  entries: number;
  /** Least cosine of two questions that are answered alike; 1 for questions of the same words only. */
  similarity: number;
}

/**
 * Rankings by what was asked, within a scope: who may read what, the version of every collection, the filters. Whatever
 * changes one of them changes the scope, so nothing has to be taken out; the passages themselves are read anew each time.
 */
export function createRankingCache<R>(limits: () => CacheLimits) {
  /** By scope, the longest unused first; within it by question. */
  const scopes = new Map<string, Map<string, Entry<R>>>();
  let size = 0;

  const touch = (scope: string): Map<string, Entry<R>> => {
    const entries = scopes.get(scope) ?? new Map<string, Entry<R>>();
    scopes.delete(scope);
    scopes.set(scope, entries);
    return entries;
  };

  const shrink = () => {
    for (const [scope, entries] of scopes) {
      for (const question of entries.keys()) {
        if (size <= limits().entries) return;
        entries.delete(question);
        size -= 1;
      }
      scopes.delete(scope);
    }
  };

  return {
    find(scope: string, question: string, vector?: Float32Array): R | undefined {
      const entries = scopes.get(scope);
      if (!entries) return undefined;
      touch(scope);
      const text = normalised(question);
      const same = entries.get(text) ?? nearest(entries, text, vector, limits().similarity);
      if (!same) return undefined;
      entries.delete(same.text);
      entries.set(same.text, same);
      return same.ranking;
    },
    keep(scope: string, question: string, ranking: R, vector?: Float32Array): void {
      if (limits().entries === 0) return;
      const entries = touch(scope);
      const text = normalised(question);
      if (!entries.has(text)) size += 1;
      entries.delete(text);
      entries.set(text, { ranking, text, ...(vector ? { vector } : {}) });
      shrink();
    },
  };
}

function nearest<R>(
  entries: ReadonlyMap<string, Entry<R>>,
  text: string,
  vector: Float32Array | undefined,
  least: number,
): Entry<R> | undefined {
  if (!vector || least >= 1) return undefined;
  const wanted = particulars(text);
  let best: Entry<R> | undefined;
  let bar = least;
  for (const entry of [...entries.values()].slice(-comparedAtMost)) {
    if (!entry.vector) continue;
    const similarity = cosine(vector, entry.vector);
    if (similarity < bar || particulars(entry.text) !== wanted) continue;
    best = entry;
    bar = similarity;
  }
  return best;
}

/** Letters alone, but for what tells one question from another: signs within words, and quotes. */
const normalised = (question: string): string =>
  question
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[?!.,;:]+(?=\s|$)/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/**
 * What a model tells apart badly and an answer depends on: words in quotes, identifiers, numbers and what negates.
 * Questions that differ in them are different questions, however near their vectors are.
 */
function particulars(text: string): string {
  const found = text.match(
    /"[^"]*"|\S*[\p{N}_./\\#@]\S*|\b(?:not|no|never|without|nicht|nie|ohne|keine?[nmrs]?|pas|jamais|sans|sin|nunca|\p{L}+n't)\b/gu,
  );
  return [...new Set(found)].sort().join(' ');
}

function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return -1;
  let dot = 0;
  let ofA = 0;
  let ofB = 0;
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    dot += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return dot / Math.sqrt(ofA * ofB || 1);
}
