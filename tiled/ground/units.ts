// The units of the world, as far as the ground of a map needs them. A test checks that they equal the units of
// sim/rules.ts.

/** Side of a tile in units, whatever its size in pixels. */
export const TILE = 32;

/** Side of a cell in units. Each cell is solid or open as a whole. */
export const CELL = 8;

/** Cells along a side of a tile. */
export const CELLS_PER_TILE = TILE / CELL;

/** Half the side of a body in units: a body covers `x - 12` to `x + 12` and `y - 12` to `y + 12`. */
export const HALF_BODY = 12;

/** Maximum tiles along a side of a map. */
export const MAX_SIDE = 2047;
