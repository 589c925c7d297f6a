/** Questions of one scope that are looked through for one that means the same. */
const comparedAtMost = 200;

interface Entry<R> {
  ranking: R;
  text: string;
  /** What tells the question from others of nearly the same meaning; where it has a vector. */
  particulars?: string;
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
    /** What is known of this question, or of one that means the same; which of the two, since the words differ then. */
    find(scope: string, question: string, vector?: Float32Array): { ranking: R; isSame: boolean } | undefined {
      const entries = scopes.get(scope);
      if (!entries) return undefined;
      touch(scope);
      const text = normalised(question);
      const same = entries.get(text) ?? nearest(entries, text, vector, limits().similarity);
      if (!same) return undefined;
      entries.delete(same.text);
      entries.set(same.text, same);
      return { ranking: same.ranking, isSame: same.text === text };
    },
    keep(scope: string, question: string, ranking: R, vector?: Float32Array): void {
      if (limits().entries === 0) return;
      const entries = touch(scope);
      const text = normalised(question);
      if (!entries.has(text)) size += 1;
      entries.delete(text);
      entries.set(text, { ranking, text, ...(vector ? { vector, particulars: particulars(text) } : {}) });
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
    if (!entry.vector || entry.particulars !== wanted) continue;
    const similarity = cosine(vector, entry.vector);
    if (similarity < bar) continue;
    best = entry;
    bar = similarity;
  }
  return best;
}

/**
 * Without what makes no other question of it: capitals that begin words, spaces, and signs at its end. Signs and lines between
 * its parts tell how it is taken apart, and capitals within a word what that consists of.
 */
const normalised = (question: string): string => {
  const words = question
    .normalize('NFKC')
    .replace(/\S+/gu, (word) => (withinWord.test(word) ? word : word.toLowerCase()));
  return withoutEnd(words.replace(/[^\S\n]+/gu, ' ')).trimStart();
};

/** As in `getUserName` and `HTTPServer`. */
const withinWord = /\p{Ll}\p{Lu}|\p{Lu}\p{Lu}\p{Ll}/u;

/**
 * What a model tells apart badly and an answer depends on: words in quotes, identifiers, numbers and what negates.
 * Questions that differ in them are different questions, however near their vectors are.
 */
function particulars(text: string): string {
  const words = text.split(/\s+/u).map(withoutEnd);
  const found = words.filter((word) => ofIdentifiers.test(word) || withinWord.test(word) || isNegation(word));
  return [...new Set([...(text.match(/"[^"]*"/gu) ?? []), ...found])].sort().join(' ');
}

const ofIdentifiers = /[\p{N}_./\\#@]/u;
const negations = /^(?:not|no|never|without|nicht|nie|ohne|keine?[nmrs]?|pas|jamais|sans|sin|nunca)$/u;
const isNegation = (word: string) => negations.test(word) || word.endsWith("n't");

/** By hand: an expression would look at a long run of signs once for each of them. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \n?!.,;:'.includes(text[end - 1] ?? '')) end--;
  return text.slice(0, end);
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
