/** Chance that can be repeated: the same seed gives the same run. */
export interface Random {
  /** From 0 to below `n`. */
  below(n: number): number;
  pick<T>(choices: readonly T[]): T;
  /** True once in `n` times. */
  once(n: number): boolean;
}

/** The generator known as mulberry32: small, and good enough to vary inputs. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    once: (n) => below(n) === 0,
    pick(choices) {
      const chosen = choices[below(choices.length)];
      if (chosen === undefined) throw new Error('there is nothing to pick from');
      return chosen;
    },
  };
}
