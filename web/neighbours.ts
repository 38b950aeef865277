// The nearest players, with their distances and directions.
import { STEP } from "../sim/rules.ts";
import { nearestOf } from "./nearest.ts";

/** The eight directions, clockwise from the right; `y` grows downwards. `here` means less than half a step away. */
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

/** Returns up to `limit` players, nearest first. Leaves out the user's player, whose id is `own`. */
export function nearest(
  own: string,
  self: { x: number; y: number },
  players: Iterable<[string, { name: string; x: number; y: number }]>,
  limit: number,
): Neighbour[] {
  const others = [...players].filter(([id]) => id !== own).map(([id, player]) => ({ id, player }));
  const distanceOf = ({ player: { x, y } }: (typeof others)[number]) => Math.hypot(x - self.x, y - self.y);
  return nearestOf(others, distanceOf, limit).map(({ item: { id, player }, distance }) => {
    const steps = Math.round(distance / STEP);
    const bearing = steps === 0 ? "here" : bearingOf(player.x - self.x, player.y - self.y);
    return { id, name: player.name, steps, bearing };
  });
}

function bearingOf(right: number, down: number): Bearing {
  const eighths = Math.round(Math.atan2(down, right) / (Math.PI / 4));
  return BEARINGS[(eighths + BEARINGS.length) % BEARINGS.length]!;
}
