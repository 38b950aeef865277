// How the load walks: each client holds a direction for a while, then picks another. From a seed, so that every server
// gets the same walks.
import { type Random, seededRandom } from "../../../sim/random.ts";
import { DIRECTIONS, MOVES_HZ } from "../arena.ts";

/** Moves for which a direction is held: for half a second at least, for three at most. */
const SHORTEST = MOVES_HZ / 2;
const LONGEST = MOVES_HZ * 3;

/** One client's walk. */
export class Walk {
  readonly #random: Random;
  #direction = 0;
  #left = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** The next move: the index of its direction in DIRECTIONS. */
  next(): number {
    if (this.#left === 0) {
      this.#left = SHORTEST + this.#random(LONGEST - SHORTEST + 1);
      this.#direction = this.#random(DIRECTIONS.length);
    }
    this.#left--;
    return this.#direction;
  }
}
