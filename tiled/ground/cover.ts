// Makes a cell solid if shapes cover at least half of it.
//
// Each square unit has one sample point, in its middle. A row of samples crosses the edges of a shape. The samples
// between the first and the second crossing are inside the shape, and so are those between the third and the fourth. A
// byte holds the 8 samples of a cell in one row as bits, so a sample that is inside several shapes counts once.
import type { Point } from "../model.ts";
import type { Cells } from "./cells.ts";
import { CELL } from "./units.ts";

/** A closed polygon, possibly concave. Its last corner is joined to its first one. */
export type Polygon = readonly Point[];

/** The number of covered samples that makes a cell solid. */
const HALF_OF_CELL = (CELL * CELL) / 2;

/** A byte with all bits set: all samples of a cell in one row are covered. */
const FULL = 2 ** CELL - 1;

/**
 * Makes a cell solid if the polygons together cover at least half of it. The polygons are in units. Their parts outside
 * the grid are ignored.
 */
export function cover(cells: Cells, polygons: readonly Polygon[]): void {
  const waiting = polygons.map((polygon) => new Outline(polygon)).sort((one, other) => other.top - one.top);
  let active: Outline[] = [];
  const samples = new Uint8Array(cells.columns);
  const counts = new Uint8Array(cells.columns);
  for (let row = 0; row < cells.rows && waiting.length + active.length > 0; row++) {
    const top = row * CELL;
    active = active.filter(({ bottom }) => bottom > top);
    while (waiting.length > 0 && waiting.at(-1)!.top < top + CELL) active.push(waiting.pop()!);
    if (active.length === 0) continue;
    const left = active.reduce((least, outline) => Math.min(least, outline.left), Number.POSITIVE_INFINITY);
    const right = active.reduce((most, outline) => Math.max(most, outline.right), Number.NEGATIVE_INFINITY);
    const start = Math.max(0, Math.floor(left / CELL));
    const end = Math.min(cells.columns, Math.ceil(right / CELL));
    counts.fill(0, start, end);
    for (let y = top; y < top + CELL; y++) {
      samples.fill(0, start, end);
      for (const outline of active) addSamples(samples, outline.crossings(y + 0.5));
      for (let column = start; column < end; column++) counts[column]! += BITS[samples[column]!]!;
    }
    for (let column = start; column < end; column++) {
      if (counts[column]! >= HALF_OF_CELL) cells.solid[row * cells.columns + column] = 1;
    }
  }
}

/** Returns how many crossings `cover` has to compute for a polygon. */
export function crossingsOf(polygon: Polygon, { rows }: Cells): number {
  const inside = (y: number) => Math.max(0, Math.min(y, rows * CELL));
  return edgesOf(polygon).reduce((sum, { top, bottom }) => sum + inside(bottom) - inside(top), 0);
}

/** An edge of a polygon. */
interface Edge {
  readonly top: number;
  readonly bottom: number;
  /** The `x` of the upper end, and the change of `x` per unit downwards. */
  readonly x: number;
  readonly slope: number;
}

/** The edges of a polygon. Computes where rows of samples cross them, from top to bottom. */
class Outline {
  left = Number.POSITIVE_INFINITY;
  right = Number.NEGATIVE_INFINITY;
  top = Number.POSITIVE_INFINITY;
  bottom = Number.NEGATIVE_INFINITY;
  /** The edges, sorted by their upper ends. */
  readonly #edges: readonly Edge[];
  #next = 0;
  readonly #active: Edge[] = [];
  /** The result of the last call of `crossings`. Each call fills the same array again. */
  readonly #places: number[] = [];

  constructor(polygon: Polygon) {
    this.#edges = edgesOf(polygon).sort((one, other) => one.top - other.top);
    for (const { x, y } of polygon) {
      this.left = Math.min(this.left, x);
      this.right = Math.max(this.right, x);
      this.top = Math.min(this.top, y);
      this.bottom = Math.max(this.bottom, y);
    }
  }

  /**
   * Returns the places where a row crosses the edges, from left to right. The number of places is even. The caller
   * must go through the rows from top to bottom.
   */
  crossings(y: number): number[] {
    while (this.#next < this.#edges.length && this.#edges[this.#next]!.top <= y)
      this.#active.push(this.#edges[this.#next++]!);
    const places = this.#places;
    places.length = 0;
    let kept = 0;
    for (const edge of this.#active) {
      if (edge.bottom <= y) continue;
      this.#active[kept++] = edge;
      places.push(edge.x + (y - edge.top) * edge.slope);
    }
    this.#active.length = kept;
    return places.sort(ascending);
  }
}

function ascending(one: number, other: number): number {
  return one - other;
}

function edgesOf(polygon: Polygon): Edge[] {
  return polygon.flatMap((corner, index) => {
    const next = polygon[(index + 1) % polygon.length]!;
    if (corner.y === next.y) return [];
    const [upper, lower] = corner.y < next.y ? [corner, next] : [next, corner];
    return { top: upper.y, bottom: lower.y, x: upper.x, slope: (lower.x - upper.x) / (lower.y - upper.y) };
  });
}

/** The number of set bits of each byte, by the value of the byte. */
const BITS = Uint8Array.from({ length: FULL + 1 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Sets the samples of one row that are inside a shape. `crossings`: where the row crosses the edges of the shape. */
function addSamples(samples: Uint8Array, crossings: readonly number[]): void {
  for (let index = 0; index < crossings.length; index += 2) {
    const first = Math.max(0, Math.ceil(crossings[index]! - 0.5));
    const end = Math.min(samples.length * CELL, Math.ceil(crossings[index + 1]! - 0.5));
    if (first >= end) continue;
    const firstCell = Math.floor(first / CELL);
    const lastCell = Math.floor((end - 1) / CELL);
    const fromFirst = FULL << (first - firstCell * CELL);
    const toEnd = FULL >> ((lastCell + 1) * CELL - end);
    if (firstCell === lastCell) {
      samples[firstCell]! |= fromFirst & toEnd;
    } else {
      samples[firstCell]! |= fromFirst;
      samples.fill(FULL, firstCell + 1, lastCell);
      samples[lastCell]! |= toEnd;
    }
  }
}
