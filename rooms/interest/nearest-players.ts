// Finds the players nearest to a given player. A list holds all players that clients may see, in the order of small
// square bins, which are ordered row by row. So the players in adjacent bins of a row are one range of the list.
//
// Players at the same position share one search. Without that, a crowd on one spot would be searched by each of its
// players, and the work would grow with the square of their number.
import type { CellIndex, Entity, Positioned } from "./cell-index.ts";
import { CELL_SIZE, type Grid, MIN_SIGHT } from "./grid.ts";
import type { WatchedCells } from "./watched-cells.ts";

/**
 * A rank orders players by their distance from a position, and by their slot if they are equally far. The upper 17 bits
 * are the squared distance, limited to MAX_SQUARE. The lower bits are the slot.
 */
const SLOT_BITS = 14;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const MAX_SQUARE = (1 << 17) - 1;

/** A rank below that of every player. */
export const NO_RANK = -1;

/**
 * A search begins with a radius that is MARGIN units greater than the distance up to which the player's last search
 * found players.
 */
const MARGIN = 3;

/**
 * The area of a player's first search, as a multiple of the area that contains the wanted number of players on average.
 */
const FIRST_MARGIN = 1.4;

/** A search accepts up to this many extra players without another guess. */
const SURPLUS = 1;

/** The greatest rank of the nearest players is guessed up to this number of times, and then found by bisection. */
const GUESSES = 2;

/**
 * The side of a bin is 2 ** N units, where N is from MIN_BIN_BITS to MAX_BIN_BITS. BINS_IN_AREA: the number of bins
 * that the diameter of the smallest search area should cover.
 */
const MIN_BIN_BITS = 2;
const MAX_BIN_BITS = 5;
const BINS_IN_AREA = 3;

/** How many numbers the list holds for each player: x, y and the slot. */
const ENTRY = 3;

/** How many numbers are stored for each search: `lastRank`, and the start and end of its result in `found`. */
const SEARCH = 3;

/** More than the largest y. */
const POSITIONS_PER_COLUMN = 2 ** 16;

/** The coordinate of a slot without a player. It is far from all players. */
const NOWHERE = -(2 ** 14);

/** An index, by position, of all players in watched cells. `build` reads the positions. */
export class NearestPlayers<P extends Positioned> {
  readonly #grid: Grid;
  #wanted = 0;
  /** The side of a bin is 2 ** #binBits units. A cell has #bins bins in each direction. */
  #binBits = 0;
  #bins = 0;
  /**
   * By cell: the number of players in the cell, and the number of cells before it that have players. A cell without
   * players has no bins.
   */
  readonly #counts: Int32Array;
  readonly #occupiedBefore: Int32Array;
  /** By bin: the index of its first player in the list `#entries`. A bin ends where the next bin begins. */
  #starts = new Int32Array(1);
  /** ENTRY numbers for each player. */
  #entries = new Int32Array();
  /**
   * By slot, four numbers: the player's position at the last `build`, and its position at the `build` before that. A
   * position is NOWHERE if there was no player in the slot at that time.
   */
  #positions = new Int32Array();
  /** By position: the index in `#searches` of the search from it, if there was one since the last `build`. */
  readonly #searchAt = new Map<number, number>();
  /** SEARCH numbers for each search since the last `build`. */
  #searches = new Int32Array();
  /** The players in the area of a search: their ranks and their slots. */
  #ranks = new Int32Array();
  #slots = new Int32Array();
  #dividedRanks = new Int32Array();
  #inArea = 0;
  /** The slots of the players found by the last `find`, from `start` to `end`, which is exclusive. */
  found = new Int32Array();
  start = 0;
  end = 0;
  /** The greatest rank of the players found by the last `find`. */
  lastRank = NO_RANK;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#counts = new Int32Array(grid.size);
    this.#occupiedBefore = new Int32Array(grid.size + 1);
  }

  /**
   * Indexes all players in watched cells at their current positions.
   * @param wanted the number of players that each search finds.
   */
  build(index: CellIndex<P>, watched: WatchedCells, wanted: number): void {
    this.#wanted = wanted;
    const entities: Entity<P>[] = [];
    this.#counts.fill(0);
    for (const entity of index.all()) {
      if (!watched.has(entity.cell)) continue;
      entities.push(entity);
      this.#counts[entity.cell]!++;
    }
    let most = 0;
    for (let cell = 0; cell < this.#counts.length; cell++) {
      const count = this.#counts[cell]!;
      most = Math.max(most, count);
      this.#occupiedBefore[cell + 1] = this.#occupiedBefore[cell]! + Math.min(count, 1);
    }
    const diameter = 2 * Math.sqrt(this.#squareFor(most));
    const bits = Math.floor(Math.log2(diameter / BINS_IN_AREA));
    this.#binBits = Math.min(Math.max(bits, MIN_BIN_BITS), MAX_BIN_BITS);
    this.#bins = CELL_SIZE >> this.#binBits;
    this.#rememberPositions(index.slotCount);
    this.#reserve(entities.length);
    this.#sort(entities);
    this.#searchAt.clear();
  }

  /**
   * Finds the wanted number of players nearest to the player in a slot. This player counts as one of them. It may be
   * missing if at least the wanted number of other players are at the same position. Finds all players within MIN_SIGHT
   * if these are fewer than wanted. May find an extra player. Puts the slots of the found players into `found`, in no
   * particular order.
   * @param cell the player's cell.
   * @param lastRank the `lastRank` of an earlier search for this player; NO_RANK if there was none.
   */
  find(slot: number, cell: number, lastRank: number): void {
    const x = this.#positions[4 * slot]!;
    const y = this.#positions[4 * slot + 1]!;
    const searches = this.#searches;
    const position = x * POSITIONS_PER_COLUMN + y;
    let search = this.#searchAt.get(position);
    if (search === undefined) {
      search = SEARCH * this.#searchAt.size;
      this.#searchAt.set(position, search);
      this.start = search === 0 ? 0 : searches[search - 1]!;
      this.#reserveFound();
      const count = this.#search(x, y, cell, lastRank);
      searches[search] = this.lastRank;
      searches[search + 1] = this.start;
      searches[search + 2] = this.start + count;
    }
    this.lastRank = searches[search]!;
    this.start = searches[search + 1]!;
    this.end = searches[search + 2]!;
  }

  /**
   * Whether the player in `slot` was among those nearest to the player in the slot `by` at the second-to-last `build`.
   * @param lastRank the `lastRank` of the search for the player in the slot `by` at that time.
   */
  wasFound(slot: number, by: number, lastRank: number): boolean {
    const positions = this.#positions;
    const dx = positions[4 * slot + 2]! - positions[4 * by + 2]!;
    const dy = positions[4 * slot + 3]! - positions[4 * by + 3]!;
    return rankOf(dx, dy, slot) <= lastRank;
  }

  /** Whether the last `find` for the player in this slot found the player itself. */
  hasFound(slot: number): boolean {
    return rankOf(0, 0, slot) <= this.lastRank;
  }

  /** Searches around a position in `cell`. Puts the result into `found`, from `start`. Returns its size. */
  #search(x: number, y: number, cell: number, lastRank: number): number {
    let square = lastRank === NO_RANK ? this.#squareFor(this.#counts[cell]!) : squareAfter(lastRank);
    square = Math.min(square, MIN_SIGHT ** 2);
    let count = this.#rank(x, y, square);
    while (count < this.#wanted && square < MIN_SIGHT ** 2) {
      square = Math.min(square * 2, MIN_SIGHT ** 2);
      count = this.#rank(x, y, square);
    }
    return this.#choose(count, greatestRank(square), lastRank);
  }

  /** Returns the square of the radius of the first search for a player whose cell has `count` players. */
  #squareFor(count: number): number {
    return Math.ceil((CELL_SIZE ** 2 * FIRST_MARGIN * this.#wanted) / count / Math.PI);
  }

  /** Begins a `build`: the positions of the last `build` become the previous positions. */
  #rememberPositions(slots: number): void {
    if (this.#positions.length < 4 * slots) {
      const larger = new Int32Array(8 * slots).fill(NOWHERE);
      larger.set(this.#positions);
      this.#positions = larger;
    }
    const positions = this.#positions;
    for (let at = 0; at < positions.length; at += 4) {
      positions[at + 2] = positions[at]!;
      positions[at + 3] = positions[at + 1]!;
      positions[at] = NOWHERE;
    }
  }

  /** Makes room for `players` players. */
  #reserve(players: number): void {
    if (players <= this.#ranks.length) return;
    this.#searches = new Int32Array(2 * SEARCH * players);
    this.#entries = new Int32Array(2 * ENTRY * players);
    this.#ranks = new Int32Array(2 * players);
    this.#slots = new Int32Array(2 * players);
    this.#dividedRanks = new Int32Array(2 * players);
  }

  /** Makes room for a result at `start`. Until a search ends, its result may contain all players. */
  #reserveFound(): void {
    const size = this.start + this.#ranks.length;
    if (size <= this.found.length) return;
    const larger = new Int32Array(2 * size);
    larger.set(this.found);
    this.found = larger;
  }

  /** Sorts the players by bin with a counting sort. */
  #sort(entities: readonly Entity<P>[]): void {
    const { width, height } = this.#grid;
    const positions = this.#positions;
    const starts = new Int32Array(this.#occupiedBefore.at(-1)! * this.#bins ** 2 + 1);
    const bins = entities.map(({ player, slot }) => {
      // A player outside the map is treated as if it were at the map's border. The grid does the same.
      const x = clamp(Math.round(player.x), width);
      const y = clamp(Math.round(player.y), height);
      positions[4 * slot] = x;
      positions[4 * slot + 1] = y;
      return this.#binAt(x, y);
    });
    for (const bin of bins) starts[bin + 1]!++;
    for (let bin = 1; bin < starts.length; bin++) starts[bin]! += starts[bin - 1]!;
    this.#starts = starts;
    const next = starts.slice();
    const entries = this.#entries;
    for (let i = 0; i < entities.length; i++) {
      const { slot } = entities[i]!;
      const entry = ENTRY * next[bins[i]!]!++;
      entries[entry] = positions[4 * slot]!;
      entries[entry + 1] = positions[4 * slot + 1]!;
      entries[entry + 2] = slot;
    }
  }

  /** Returns the bin of a position. */
  #binAt(x: number, y: number): number {
    const { columns, rows } = this.#grid;
    const cellRow = Math.min((y / CELL_SIZE) | 0, rows - 1);
    const row = Math.min(y - cellRow * CELL_SIZE, CELL_SIZE - 1) >> this.#binBits;
    const first = cellRow * columns;
    return this.#rowStart(first, row) + this.#binsBefore(first, Math.min(x, columns * CELL_SIZE - 1));
  }

  /** Returns the first bin of a row of bins: of row number `row` in the row of cells that begins with `first`. */
  #rowStart(first: number, row: number): number {
    const before = this.#occupiedBefore[first]!;
    const inRow = this.#occupiedBefore[first + this.#grid.columns]! - before;
    return (before * this.#bins + row * inRow) * this.#bins;
  }

  /** Returns the number of bins to the left of `x` in a row of bins. `first`: the first cell of the row of cells. */
  #binsBefore(first: number, x: number): number {
    const column = (x / CELL_SIZE) | 0;
    const cell = first + column;
    const before = (this.#occupiedBefore[cell]! - this.#occupiedBefore[first]!) * this.#bins;
    return this.#counts[cell] === 0 ? before : before + ((x - column * CELL_SIZE) >> this.#binBits);
  }

  /** Ranks the players around a position. Returns the number of players up to the squared distance `square`. */
  #rank(x: number, y: number, square: number): number {
    const radius = Math.sqrt(square) | 0;
    const greatest = greatestRank(square);
    const { columns, rows } = this.#grid;
    const bits = this.#binBits;
    const bins = this.#bins;
    const size = 1 << bits;
    const occupiedBefore = this.#occupiedBefore;
    const counts = this.#counts;
    const entries = this.#entries;
    const starts = this.#starts;
    const ranks = this.#ranks;
    const slots = this.#slots;
    let inArea = 0;
    let inCircle = 0;
    const minX = Math.max(x - radius, 0);
    const maxX = Math.min(x + radius, columns * CELL_SIZE - 1);
    const bottom = Math.min(y + radius, rows * CELL_SIZE - 1);
    for (let top = Math.max(y - radius, 0) & -size; top <= bottom; top += size) {
      const cellRow = (top / CELL_SIZE) | 0;
      const first = cellRow * columns;
      const before = occupiedBefore[first]!;
      const row = (top - cellRow * CELL_SIZE) >> bits;
      const start = (before * bins + row * (occupiedBefore[first + columns]! - before)) * bins;
      const dy = Math.max(top - y, y - top - size, 0);
      const reach = Math.sqrt(square - dy * dy) | 0;
      const left = Math.min(Math.max(x - reach, minX), maxX);
      const leftColumn = (left / CELL_SIZE) | 0;
      const leftCell = first + leftColumn;
      let from = start + (occupiedBefore[leftCell]! - before) * bins;
      if (counts[leftCell]! > 0) from += (left - leftColumn * CELL_SIZE) >> bits;
      const right = Math.min(x + reach, maxX);
      const rightColumn = (right / CELL_SIZE) | 0;
      const rightCell = first + rightColumn;
      let to = start + (occupiedBefore[rightCell]! - before) * bins;
      if (counts[rightCell]! > 0) to += ((right - rightColumn * CELL_SIZE) >> bits) + 1;
      const end = ENTRY * starts[to]!;
      for (let at = ENTRY * starts[from]!; at < end; at += ENTRY) {
        const slot = entries[at + 2]!;
        const rank = rankOf(entries[at]! - x, entries[at + 1]! - y, slot);
        ranks[inArea] = rank;
        slots[inArea++] = slot;
        inCircle += (rank - greatest - 1) >>> 31;
      }
    }
    this.#inArea = inArea;
    return inCircle;
  }

  /**
   * Chooses the wanted number of players with the lowest ranks, among the `count` players up to the rank `high`.
   * @param guess an estimate of the greatest rank of the chosen players.
   * @returns the number of players chosen.
   */
  #choose(count: number, high: number, guess: number): number {
    const wanted = this.#wanted;
    if (count <= wanted + SURPLUS) return this.#select(high);
    let low = NO_RANK;
    let countOfLow = 0;
    let countOfHigh = count;
    let middle = guess;
    for (let guesses = 0; guesses < GUESSES; guesses++) {
      if (middle <= low || middle >= high) middle = low + ((high - low) >> 1);
      const found = this.#select(middle);
      if (found >= wanted && found <= wanted + SURPLUS) return found;
      if (found < wanted) {
        low = middle;
        countOfLow = found;
      } else {
        high = middle;
        countOfHigh = found;
      }
      middle = low + Math.ceil(((high - low) * (wanted + SURPLUS / 2 - countOfLow)) / (countOfHigh - countOfLow));
    }
    return this.#select(this.#divide(low, high, wanted - countOfLow));
  }

  /**
   * Returns a rank between `low` and `high`. The ranks of `count` players, or slightly more, are above `low` and do
   * not exceed the returned rank.
   */
  #divide(low: number, high: number, count: number): number {
    const ranks = this.#ranks;
    const divided = this.#dividedRanks;
    let size = 0;
    for (let at = 0; at < this.#inArea; at++) {
      const rank = ranks[at]!;
      divided[size] = rank;
      size += ((low - rank) & (rank - high - 1)) >>> 31;
    }
    let [least, greatest] = [high, low];
    for (let at = 0; at < size; at++) {
      least = Math.min(least, divided[at]!);
      greatest = Math.max(greatest, divided[at]!);
    }
    for (let upToGreatest = size; upToGreatest > count + SURPLUS && greatest - least > 1; ) {
      const middle = least + ((greatest - least) >> 1);
      let upToMiddle = 0;
      for (let at = 0; at < size; at++) upToMiddle += (divided[at]! - middle - 1) >>> 31;
      if (upToMiddle < count) least = middle;
      else [greatest, upToGreatest] = [middle, upToMiddle];
    }
    return greatest;
  }

  /** Copies the slots of all players up to the rank `lastRank` into `found`, from `start`. Returns their number. */
  #select(lastRank: number): number {
    this.lastRank = lastRank;
    const { found, start } = this;
    const ranks = this.#ranks;
    const slots = this.#slots;
    const inArea = this.#inArea;
    let end = start;
    // This loop has no branches, because a processor cannot predict which players are near.
    for (let at = 0; at < inArea; at++) {
      found[end] = slots[at]!;
      end += (ranks[at]! - lastRank - 1) >>> 31;
    }
    return end - start;
  }
}

/** Returns the rank of the player in a slot, at this distance. */
function rankOf(dx: number, dy: number, slot: number): number {
  return (Math.min(dx * dx + dy * dy, MAX_SQUARE) << SLOT_BITS) | (slot & SLOT_MASK);
}

/** Returns the squared radius of a search around a player whose last search found players up to `lastRank`. */
function squareAfter(lastRank: number): number {
  return Math.ceil((Math.sqrt(lastRank >> SLOT_BITS) + MARGIN) ** 2);
}

/** Returns the greatest rank of players at this squared distance. */
function greatestRank(square: number): number {
  return (square << SLOT_BITS) | SLOT_MASK;
}

/** Limits a number to the range from 0 to `last`. */
function clamp(value: number, last: number): number {
  return Math.min(Math.max(value, 0), last);
}
