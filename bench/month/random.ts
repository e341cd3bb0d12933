/** A random generator that gives the same numbers for the same seed. */
export interface Random {
  /** At least `from`, and less than `to`. */
  between(from: number, to: number): number;
  /** The same, more often near the middle. */
  around(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** One of the values, as often as its weight says. */
  weighted<T>(weights: readonly (readonly [weight: number, value: T])[]): T;
}

/** Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + next() * (to - from);
  const weighted = <T>(weights: readonly (readonly [number, T])[]): T => {
    let left = between(
      0,
      weights.reduce((sum, [weight]) => sum + weight, 0),
    );
    for (const [weight, value] of weights) {
      left -= weight;
      if (left < 0) return value;
    }
    throw new Error('There is nothing to choose from.');
  };
  return {
    between,
    around: (from, to) => (between(from, to) + between(from, to)) / 2,
    chance: (probability) => next() < probability,
    pick: (list) => weighted(list.map((value) => [1, value] as const)),
    weighted,
  };
}
