/** Numbers that are the same each time, for tests that try many cases. */
export function createRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    /** From 0 up to 1, without it. */
    next,
    below: (count: number) => Math.floor(next() * count),
    /** From 1 to `most` of them, each once. */
    some: <T>(list: readonly T[], most: number) => [
      ...new Set(
        Array.from({ length: 1 + Math.floor(next() * most) }, () => list[Math.floor(next() * list.length)] as T),
      ),
    ],
  };
}
