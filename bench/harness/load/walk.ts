// The random walks of the load. Each client keeps its direction for several moves, then picks a random one. The random
// numbers are seeded, so all servers get the same moves.
import { type Random, seededRandom } from "../../../sim/random.ts";
import { DIRECTIONS, MOVE, MOVES_HZ, STEP } from "../arena.ts";
import { isInside, type WalkArea } from "../crowd.ts";

/** The minimum and the maximum number of moves in one direction: half a second, and three seconds. */
const MIN_MOVES = MOVES_HZ / 2;
const MAX_MOVES = MOVES_HZ * 3;

/**
 * The walk of one client. A limited walk stays in an area around its start. It first goes to a random place in this
 * area, and later turns round at the border. Servers apply each move exactly, so the load knows the displacement from
 * the start without decoding frames.
 */
export class Walk {
  readonly #random: Random;
  readonly #area: WalkArea | undefined;
  /** The remaining moves to the walk's first destination, a random place. The next move is the last element. */
  readonly #way: number[];
  #direction = 0;
  #remaining = 0;
  /** The displacement from the start, in steps. */
  #x = 0;
  #y = 0;

  constructor(seed: number, area?: WalkArea) {
    this.#random = seededRandom(seed);
    this.#area = area;
    this.#way = area ? wayToRandomPlace(this.#random, area).reverse() : [];
  }

  /** Returns the next move as an index of DIRECTIONS. */
  next(): number {
    const move = this.#way.pop() ?? this.#wander();
    const [x, y] = displacement(move);
    this.#x += x;
    this.#y += y;
    return move;
  }

  #wander(): number {
    if (this.#remaining === 0) {
      this.#remaining = MIN_MOVES + this.#random(MAX_MOVES - MIN_MOVES + 1);
      this.#direction = this.#random(DIRECTIONS.length);
    }
    this.#remaining--;
    const [x, y] = displacement(this.#direction);
    const isBlocked = this.#area !== undefined && !isInside(this.#x + x, this.#y + y, this.#area);
    // Turns round. In DIRECTIONS, the indexes of opposite directions differ only in the lowest bit.
    if (isBlocked) this.#direction ^= 1;
    return this.#direction;
  }
}

/** Returns the displacement by a move, in steps. */
function displacement(direction: number): [x: number, y: number] {
  const { x, y } = MOVE[DIRECTIONS[direction]!];
  return [x / STEP, y / STEP];
}

/** Returns the moves from the centre of an area to a random place in it, as indexes of DIRECTIONS. */
export function wayToRandomPlace(random: Random, { columns, rows }: WalkArea): number[] {
  const x = random(columns) - columns / 2;
  const y = random(rows) - rows / 2;
  const moves = (count: number, direction: (typeof DIRECTIONS)[number]) =>
    Array<number>(Math.abs(count)).fill(DIRECTIONS.indexOf(direction));
  return [...moves(x, x < 0 ? "left" : "right"), ...moves(y, y < 0 ? "up" : "down")];
}

/** Returns the seconds within which every walk in this area reaches its first destination, a random place. */
export function spreadSeconds({ columns, rows }: WalkArea): number {
  return (columns + rows) / 2 / MOVES_HZ;
}
