// Reproducible randomness. All images and maps use only these functions, so that two runs write the same bytes.
import { seededRandom as simRandom } from "../../sim/random.ts";

/** Returns a number in [0, 1) that depends only on a position and a seed. */
export function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(seed, 974634777);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  h = Math.imul(h ^ (h >>> 16), 2246822519);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

/** Returns value noise in [0, 1), smooth between lattice points that are `scale` apart. */
export function noise(x: number, y: number, scale: number, seed: number): number {
  const left = Math.floor(x / scale);
  const top = Math.floor(y / scale);
  const u = smooth(x / scale - left);
  const v = smooth(y / scale - top);
  const upper = hash(left, top, seed) * (1 - u) + hash(left + 1, top, seed) * u;
  const lower = hash(left, top + 1, seed) * (1 - u) + hash(left + 1, top + 1, seed) * u;
  return upper * (1 - v) + lower * v;
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

/** A random number generator. */
export type Random = {
  /** Returns an integer from `low` to `high`, inclusive. */
  int(low: number, high: number): number;
  /** Returns one of the choices. */
  pick<T>(choices: readonly T[]): T;
  /** Returns true with the given probability. */
  bool(probability: number): boolean;
};

/** Returns a random number generator whose sequence depends only on the seed. */
export function seededRandom(seed: number): Random {
  const below = simRandom(seed);
  const int = (low: number, high: number): number => low + below(high - low + 1);
  return {
    int,
    pick: (choices) => choices[int(0, choices.length - 1)] as (typeof choices)[number],
    bool: (probability) => below(2 ** 32) / 2 ** 32 < probability,
  };
}
