/** Shorter words are near to everything. */
export const shortestNear = 4;
/** By trigrams; below it words rather look alike by chance. */
export const leastSimilar = 0.35;
/** What a near miss counts for, beside a word that is there. */
export const nearWeight = 0.5;

/** Whether one word may be the other mistyped: one slip in short words, two in long ones. */
export function isNear(word: string, other: string): boolean {
  return editDistance(word, other) <= (word.length < 8 ? 1 : 2);
}

/** Damerau and Levenshtein, with neighbours swapped as one slip. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
