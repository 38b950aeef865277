// The crowds: the places where the players of a run start, and how far they may walk from their start. Servers read the
// starts from the environment variable STARTS. The load and the probes get the crowd's name, which determines the
// limits of the walks.
import { ARENA, CELL, MARGIN, STEP } from "./arena.ts";

/**
 * `even`: players are distributed over the whole arena. `screen`: all are in one area of 960 x 640 units. `cell`: all
 * are in one cell. `mixed`: one half is distributed over the arena, and the other half is in the area of `screen`.
 */
export const CROWDS = ["even", "screen", "cell", "mixed"] as const;
export type Crowd = (typeof CROWDS)[number];

/** An area in which players start, in units. */
interface StartArea {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The size of the area in which a walk stays, in steps. The walk's start is the area's centre. */
export interface WalkArea {
  columns: number;
  rows: number;
}

/** The area in which a crowd walks, in units. Only crowds that stay in one place have such an area. */
interface CrowdArea {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * The area of the crowd `screen`. It is aligned with the grid of cells, so it covers as few cells as possible. The
 * fewer cells the crowd covers, the more players each player sees.
 */
const SCREEN: CrowdArea = { left: 10 * CELL, top: 11 * CELL, width: 960, height: 640 };
const ONE_CELL: CrowdArea = { left: 12 * CELL, top: 12 * CELL, width: CELL, height: CELL };

const WHOLE_ARENA: StartArea = { left: MARGIN, top: MARGIN, right: ARENA - MARGIN, bottom: ARENA - MARGIN };

/** The environment variable with the start areas as JSON. */
const VARIABLE = "STARTS";

/**
 * Returns the areas in which a crowd starts. Equal shares of the players start in each area. All players of the crowds
 * `screen` and `cell` start at one point. So the load knows the position of each player within the crowd's area without
 * decoding a frame.
 */
export function startAreas(crowd: Crowd): StartArea[] {
  return {
    even: [WHOLE_ARENA],
    screen: [centreOf(SCREEN)],
    cell: [centreOf(ONE_CELL)],
    mixed: [WHOLE_ARENA, centreOf(SCREEN)],
  }[crowd];
}

/**
 * Returns the small area in which players start: around the point from which the farthest walks to the left and to the
 * right end equally far from the edges of the crowd's area; likewise up and down. See `isInside`.
 */
function centreOf({ left, top, width, height }: CrowdArea): StartArea {
  const x = left + (width + STEP) / 2;
  const y = top + (height + STEP) / 2;
  // A server that rounds coordinates to whole numbers starts all players at the same point. Other servers start each
  // player at a slightly different point.
  return { left: x - 0.5, top: y - 0.5, right: x + 0.5, bottom: y + 0.5 };
}

/**
 * Returns the area in which each walk stays; undefined if walks are not limited. In the crowd `mixed` all walks are
 * limited, because the load does not know which players have started in the area of `screen`.
 */
export function walkArea(crowd: Crowd): WalkArea | undefined {
  if (crowd === "even") return undefined;
  const { width, height } = crowd === "cell" ? ONE_CELL : SCREEN;
  return { columns: width / STEP, rows: height / STEP };
}

/** Whether a player at this displacement from its start, in steps, is inside the area of its walk. */
export function isInside(x: number, y: number, { columns, rows }: WalkArea): boolean {
  return x >= -columns / 2 && x < columns / 2 && y >= -rows / 2 && y < rows / 2;
}

/** Whether a player has left the area of its crowd. Always false for a crowd that is not in one area. */
export function hasStrayed(crowd: Crowd, { x, y }: { x: number; y: number }): boolean {
  if (crowd !== "screen" && crowd !== "cell") return false;
  const { left, top, width, height } = crowd === "cell" ? ONE_CELL : SCREEN;
  return x < left || x >= left + width || y < top || y >= top + height;
}

/** Returns the environment variables that tell a server the start areas. */
export function startEnvironment(crowd: Crowd): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(startAreas(crowd)) };
}

const areas = JSON.parse(process.env[VARIABLE] ?? JSON.stringify(startAreas("even"))) as StartArea[];

/** Returns a random start for a player of this server. The coordinates are not whole numbers. */
export function randomStart(): { x: number; y: number } {
  const { left, top, right, bottom } = areas[Math.floor(Math.random() * areas.length)]!;
  return { x: left + Math.random() * (right - left), y: top + Math.random() * (bottom - top) };
}
