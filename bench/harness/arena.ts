// The arena on which every server is measured. Servers, load and probes take its constants from here.

/** Side of the square map, in units. There are no walls inside it. */
export const ARENA = 4096;

/** Units by which one move displaces a player. */
export const STEP = 8;

/** Ticks per second of each server, and so the frames per second to each client. */
const TICK_HZ = 20;

/** Milliseconds between two ticks. */
export const TICK_MS = 1000 / TICK_HZ;

/** Moves that each client sends per second. */
export const MOVES_HZ = 10;

/** Distance that players keep from the map's edge, in units. It is half the width of sabang's bodies. */
export const MARGIN = 12;

/** Side of a cell, in units, on servers that send each client only its neighbourhood. */
export const CELL = 160;

/** Cells in sight in each direction. With 2, a client sees the 5 x 5 cells around its own. */
export const REACH = 2;

/** Sabang's promise to a client, in units: all players within NEAR are in its sight, and no player beyond FAR is. */
export const NEAR = 320;
export const FAR = 960;

/** The four directions. The binary server takes a direction's index as the move. */
export const DIRECTIONS = ["left", "right", "up", "down"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The displacement of one move in each direction, in units. */
export const MOVE: Readonly<Record<Direction, { x: number; y: number }>> = {
  left: { x: -STEP, y: 0 },
  right: { x: STEP, y: 0 },
  up: { x: 0, y: -STEP },
  down: { x: 0, y: STEP },
};

/** Returns a random coordinate within the margins, uniformly distributed and not a whole number. */
export function randomCoordinate(): number {
  return MARGIN + Math.random() * (ARENA - 2 * MARGIN);
}

/** Returns the coordinate, limited to the area within the margins. */
export function clamp(coordinate: number): number {
  return Math.min(Math.max(coordinate, MARGIN), ARENA - MARGIN);
}
