// A seeded random number generator. It is the world's only source of randomness, so a game can be reproduced from its
// seed and its inputs.

/** A random number generator. Each call returns an integer from 0 to `below - 1`. */
export type Random = (below: number) => number;

/** A generator that can be resumed: `seededRandom(random.state)` continues the sequence of `random`. */
export interface SeededRandom extends Random {
  readonly state: number;
}

/** Returns a mulberry32 generator (Tommy Ettinger, public domain). Its 32 bits of state are enough to choose spawns. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const random: Random = (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
  return Object.defineProperty(random, "state", { get: () => state }) as SeededRandom;
}
