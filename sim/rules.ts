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

/** Half the side of a body, in units. A body covers `x - 12` to `x + 12` and `y - 12` to `y + 12`. */
export const HALF_BODY = 12;

/**
 * Maximum queued inputs per player and channel. A full queue drops its oldest input, and the server counts the drops.
 * So a client has no advantage from sending faster than the world ticks.
 */
export const QUEUE_LIMIT = 8;

/** Maximum tiles along a side of a map. The last unit of such a side still fits a 16-bit coordinate on the wire. */
export const MAX_MAP_TILES = 2047;
