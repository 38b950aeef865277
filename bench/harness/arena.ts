// The ground that every server is measured on: its numbers, in one place for servers, load and probes alike.

/** Side of the square map, in units. There are no walls inside it. */
export const ARENA = 4096;

/** Units that one move displaces a player. */
export const STEP = 8;

/** Ticks, and so frames, that each server is asked for per second. */
const TICK_HZ = 20;

/** Milliseconds between two ticks. */
export const TICK_MS = 1000 / TICK_HZ;

/** Moves that each client sends per second. */
export const MOVES_HZ = 10;

/** Players start and stay this far from the map's edge, in units: sabang's bodies have that half width. */
export const MARGIN = 12;

/** Side of a cell of a server that sends each client its neighbourhood, in units. */
export const CELL = 160;

/** Cells in sight in each direction: with 2, the 5 x 5 cells around one's own. */
export const REACH = 2;

/** What a client of sabang is promised: everybody within NEAR units is in its sight, and nobody beyond FAR. */
export const NEAR = 320;
export const FAR = 960;

/** The four directions, by the number that the binary server takes for each. */
export const DIRECTIONS = ["left", "right", "up", "down"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What one move adds to a position. */
export const MOVE: Readonly<Record<Direction, { x: number; y: number }>> = {
  left: { x: -STEP, y: 0 },
  right: { x: STEP, y: 0 },
  up: { x: 0, y: -STEP },
  down: { x: 0, y: STEP },
};

/** Where a player starts: anywhere, each place equally likely. Not a whole number of units. */
export function anywhere(): number {
  return MARGIN + Math.random() * (ARENA - 2 * MARGIN);
}

/** The coordinate itself, or that of the edge if it lies beyond. */
export function clamp(coordinate: number): number {
  return Math.min(Math.max(coordinate, MARGIN), ARENA - MARGIN);
}
