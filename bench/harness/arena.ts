// The map on which all servers are measured, and the rules of movement on it. The servers, the load and the probes
// share these constants.

/** Side of the square map, in units. There are no walls inside it. */
export const ARENA = 4096;

/** Units by which one move displaces a player. */
export const STEP = 8;

/** Ticks per second of each server. A server sends each client at most one frame with state per tick. */
const TICK_HZ = 20;

/** Milliseconds between two ticks. */
export const TICK_MS = 1000 / TICK_HZ;

/** Moves that each client sends per second. */
export const MOVES_HZ = 10;

/** Distance that players keep from the map's edge, in units. It is half the width of a player's body in sabang. */
export const MARGIN = 12;

/**
 * Side of a cell, in units. In state-view.ts, the cells around a player are the area of interest of the player's
 * client.
 */
export const CELL = 160;

/** The number of cells that a client sees on each side of its own cell. With 2, it sees 5 x 5 cells. */
export const REACH = 2;

/**
 * Sabang's promise to a client: the client receives all players within NEAR units of its own player, and no players
 * beyond FAR units.
 */
export const NEAR = 320;
export const FAR = 960;

/** The four directions. In the protocol of ws-binary.ts, a move is the index of its direction in this list. */
export const DIRECTIONS = ["left", "right", "up", "down"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The displacement of one move in each direction, in units. */
export const MOVE: Readonly<Record<Direction, { x: number; y: number }>> = {
  left: { x: -STEP, y: 0 },
  right: { x: STEP, y: 0 },
  up: { x: 0, y: -STEP },
  down: { x: 0, y: STEP },
};

/** Returns the coordinate, limited to the area within the margins. */
export function clamp(coordinate: number): number {
  return Math.min(Math.max(coordinate, MARGIN), ARENA - MARGIN);
}
