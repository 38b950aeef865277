// Compares the walls that sabang finds in a map with the walls of the game for which the map was made.

/** How far the walls of two maps agree. */
export interface Agreement {
  readonly agrees: boolean;
  /** Tiles that are solid in one map and open in the other. */
  readonly wrong: number;
  /** Tiles that the game makes solid, at least in part. */
  readonly solid: number;
}

/** Two maps agree if they have at most this many wrong tiles per solid tile. */
const MAX_WRONG = 0.02;

/**
 * Compares rows of tiles with the rows of the game: `#` is solid, `+` partly solid, `.` open. A partly solid tile
 * agrees with every tile.
 */
export function compareWalls(found: readonly string[], expected: readonly string[]): Agreement {
  const tiles = expected.flatMap((row, y) => [...row].map((tile, x) => ({ tile, other: found[y]?.[x] })));
  const solid = tiles.filter(({ tile }) => tile !== ".").length;
  const wrong = tiles.filter(({ tile, other }) => tile !== other && tile !== "+" && other !== "+").length;
  const hasSameSize = found.length === expected.length && found[0]?.length === expected[0]?.length;
  return { agrees: hasSameSize && wrong <= solid * MAX_WRONG, wrong, solid };
}
