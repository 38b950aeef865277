import { MAX_SIDE } from "./ground/units.ts";

/** The maximum values for one map. They limit the time and the memory that are needed to read the map. */
export interface Limits {
  /** The total length of the map's file and of all files that it names, in UTF-16 code units. */
  readonly textLength: number;
  /** The longer side of the map, in tiles. */
  readonly side: number;
  /** The cells of all tile layers together. */
  readonly cells: number;
  /** The layers, objects, corners of polygons, tiles with details, frames and properties together. */
  readonly elements: number;
  /** The number of nested levels of groups, and of properties within properties. */
  readonly depth: number;
}

/** The default limits. Maps that are made for games stay far below them. */
export const DEFAULT_LIMITS: Limits = {
  textLength: 16 * 1024 * 1024,
  side: MAX_SIDE,
  cells: 16 * 1024 * 1024,
  elements: 200_000,
  depth: 50,
};
