// The walks of the load. Each client keeps a direction for a while, then picks a random one. Walks are seeded, so every
// server gets the same walks.
import { type Random, seededRandom } from "../../../sim/random.ts";
import { DIRECTIONS, MOVES_HZ } from "../arena.ts";

/** The number of moves for which a direction is kept: from half a second to three seconds. */
const MIN_MOVES = MOVES_HZ / 2;
const MAX_MOVES = MOVES_HZ * 3;

/** The walk of one client. */
export class Walk {
  readonly #random: Random;
  #direction = 0;
  #remaining = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** Returns the next move as an index of DIRECTIONS. */
  next(): number {
    if (this.#remaining === 0) {
      this.#remaining = MIN_MOVES + this.#random(MAX_MOVES - MIN_MOVES + 1);
      this.#direction = this.#random(DIRECTIONS.length);
    }
    this.#remaining--;
    return this.#direction;
  }
}
