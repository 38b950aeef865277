// The numbers of the game: each has one home, a unit and, where its value needs one, a reason.

/** Ticks of the world per second. */
export const TICK_HZ = 20;

/** Milliseconds between two ticks. */
export const TICK_MS = 1000 / TICK_HZ;

/** World units that one directional input moves a body. */
export const STEP = 8;

/** Steps by which a body gets on in one tick at most. Who got farther is reported: sim/invariants.ts. */
export const MAX_STEPS_PER_TICK = 1;

/** Side of a map tile, in units. */
export const TILE = 32;

/** Half the side of a body, in units: a body covers `x - 12` to `x + 12` and `y - 12` to `y + 12`. */
export const HALF_BODY = 12;

/**
 * Steps that may wait for one player on one channel. What comes in while the queue is full is dropped and counted:
 * a client gains nothing by sending faster than the world ticks.
 */
export const QUEUE_LIMIT = 8;

/** Tiles along one side of the largest map: its last unit still fits the 16 bits that a coordinate has on the wire. */
export const MAX_MAP_TILES = 2047;
