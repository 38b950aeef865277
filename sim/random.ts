// Chance that can be repeated: the world takes all its chance from here, so the same seed gives the same game.

/** A source of chance: each call gives a whole number from 0 to `below - 1`. */
export type Random = (below: number) => number;

/** A source that can be left and gone on with: `seededRandom(random.state)` gives what `random` would have given next. */
export interface SeededRandom extends Random {
  readonly state: number;
}

/** The generator mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough to choose a place to stand. */
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
