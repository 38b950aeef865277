// The conditions that every body must meet at all times, regardless of its inputs. A body that violates one of them
// shows that a rule of the game has a bug.
import { directionOfCode, NONE } from "./directions.ts";
import type { Spot } from "./nearest-free.ts";
import { MAX_STEPS_PER_TICK, STEP } from "./rules.ts";
import { type Body, isFree, type Walls } from "./step.ts";

/**
 * Describes the first condition that a body violates; returns undefined if the body meets all of them.
 * The text is the rest of a sentence that begins with the player's name.
 * @param before the body's position `ticks` ticks ago; undefined if the body did not exist then.
 */
export function invariantViolation({ x, y, facing }: Body, walls: Walls, before?: Spot, ticks = 1): string | undefined {
  if (!Number.isInteger(x) || !Number.isInteger(y)) return `stands at (${x}, ${y}), which are not whole numbers`;
  if (directionOfCode(facing) === NONE) return `faces ${facing}, an unknown direction`;
  if (!isFree(x, y, walls)) return `stands at (${x}, ${y}), in a wall or outside of the map`;
  const distance = before ? Math.abs(x - before.x) + Math.abs(y - before.y) : 0;
  if (distance > MAX_STEPS_PER_TICK * STEP * ticks)
    return `moved ${distance} units in ${ticks} tick(s), from (${before!.x}, ${before!.y}) to (${x}, ${y})`;
  return undefined;
}
