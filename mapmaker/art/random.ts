// Chance that repeats: every picture and every map is made from these, so that two runs write the same bytes.

/** A number in [0, 1) that depends on nothing but a place and a seed. */
export function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(seed, 974634777);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  h = Math.imul(h ^ (h >>> 16), 2246822519);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

/** Value noise in [0, 1): smooth between lattice points that lie `scale` apart. */
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

export type Random = {
  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
  /** True with the given probability. */
  chance(probability: number): boolean;
};

/** A sequence of chances (mulberry32) that its seed fixes. */
export function random(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    int,
    pick: (choices) => choices[int(0, choices.length - 1)] as (typeof choices)[number],
    chance: (probability) => next() < probability,
  };
}
