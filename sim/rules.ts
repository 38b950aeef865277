// The constants of the game: each is defined only here, with its unit and, where needed, the reason for its value.

/** Ticks of the world per second. */
export const TICK_HZ = 20;

/** Milliseconds between two ticks. */
export const TICK_MS = 1000 / TICK_HZ;

/** Units that a body moves per directional input. */
export const STEP = 8;

/** Maximum steps that a body moves in one tick. sim/invariants.ts reports a body that has moved farther. */
export const MAX_STEPS_PER_TICK = 1;

/** Side of a map tile, in units. */
export const TILE = 32;

/** Side of a cell, in units. A map's solid ground consists of cells: 4 x 4 of them per tile. */
export const CELL = 8;

/** Half the side of a body, in units. A body covers `x - 12` to `x + 12` and `y - 12` to `y + 12`. */
export const HALF_BODY = 12;

/**
 * Maximum queued inputs per player, separately for `move` messages and for predicted inputs. A full queue drops its
 * oldest input, and the server counts the drops. So sending faster than the world ticks gives a client no advantage.
 */
export const QUEUE_LIMIT = 8;

/** Maximum tiles along a side of a map. Their 65,504 units fit the 16-bit coordinates on the wire. */
export const MAX_MAP_TILES = 2047;
