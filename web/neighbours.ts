// Who is near: the nearest players, how far away they are, and which way.
import { STEP } from "../sim/rules.ts";

/** The eight ways to look, clockwise from the right, as `y` grows downwards; and where somebody stands who stands here. */
const BEARINGS = ["right", "downRight", "down", "downLeft", "left", "upLeft", "up", "upRight"] as const;
export type Bearing = (typeof BEARINGS)[number] | "here";

/** Somebody near. */
export interface Neighbour {
  id: string;
  name: string;
  /** How far away, as the crow flies, in steps of 8 units. */
  steps: number;
  bearing: Bearing;
}

/** The nearest of `players`, nearest first, at most `most`; never the one with the id `own`. */
export function nearest(
  own: string,
  self: { x: number; y: number },
  players: Iterable<[string, { name: string; x: number; y: number }]>,
  most: number,
): Neighbour[] {
  const others = [...players].filter(([id]) => id !== own);
  const ways = others.map(([id, { name, x, y }]) => {
    const right = x - self.x;
    const down = y - self.y;
    return { id, name, right, down, way: Math.hypot(right, down) };
  });
  // Of two that are as far away, always the same one first: else they would change places for ever.
  ways.sort((one, other) => one.way - other.way || (one.id < other.id ? -1 : 1));
  return ways.slice(0, most).map(({ id, name, right, down, way }) => {
    const steps = Math.round(way / STEP);
    return { id, name, steps, bearing: steps === 0 ? "here" : bearingOf(right, down) };
  });
}

function bearingOf(right: number, down: number): Bearing {
  const eighths = Math.round(Math.atan2(down, right) / (Math.PI / 4));
  return BEARINGS[(eighths + BEARINGS.length) % BEARINGS.length]!;
}
