// The nearest players, with their distances and directions.
import { STEP } from "../sim/rules.ts";

/** The eight directions, clockwise from the right; `y` grows downwards. `here`: less than half a step away. */
const BEARINGS = ["right", "downRight", "down", "downLeft", "left", "upLeft", "up", "upRight"] as const;
export type Bearing = (typeof BEARINGS)[number] | "here";

/** A player nearby. */
export interface Neighbour {
  id: string;
  name: string;
  /** Distance in a straight line, in steps of 8 units. */
  steps: number;
  bearing: Bearing;
}

/** Returns up to `limit` of the players, nearest first, without the player with the id `own`. */
export function nearest(
  own: string,
  self: { x: number; y: number },
  players: Iterable<[string, { name: string; x: number; y: number }]>,
  limit: number,
): Neighbour[] {
  const others = [...players].filter(([id]) => id !== own);
  const measured = others.map(([id, { name, x, y }]) => {
    const right = x - self.x;
    const down = y - self.y;
    return { id, name, right, down, distance: Math.hypot(right, down) };
  });
  // Players at the same distance are sorted by id. Otherwise they would swap places in the list again and again.
  measured.sort((one, other) => one.distance - other.distance || (one.id < other.id ? -1 : 1));
  return measured.slice(0, limit).map(({ id, name, right, down, distance }) => {
    const steps = Math.round(distance / STEP);
    return { id, name, steps, bearing: steps === 0 ? "here" : bearingOf(right, down) };
  });
}

function bearingOf(right: number, down: number): Bearing {
  const eighths = Math.round(Math.atan2(down, right) / (Math.PI / 4));
  return BEARINGS[(eighths + BEARINGS.length) % BEARINGS.length]!;
}
