// What must be true of every body at all times, whatever the inputs. The rules see to it; this notices when they do not.
import { directionOfCode, NONE } from "./directions.ts";
import type { Spot } from "./nearest-free.ts";
import { MAX_STEPS_PER_TICK, STEP } from "./rules.ts";
import { type Body, isFree, type Walls } from "./step.ts";

/**
 * What is wrong with a body, as the end of a sentence that begins with who it is; undefined if nothing is.
 * @param before where it was `ticks` ago, if it was there then.
 */
export function invariantViolation({ x, y, facing }: Body, walls: Walls, before?: Spot, ticks = 1): string | undefined {
  if (!Number.isInteger(x) || !Number.isInteger(y)) return `stands at (${x}, ${y}), which are no whole numbers`;
  if (directionOfCode(facing) === NONE) return `faces ${facing}, which is no direction`;
  if (!isFree(x, y, walls)) return `stands at (${x}, ${y}), in a wall or outside of the map`;
  const way = before ? Math.abs(x - before.x) + Math.abs(y - before.y) : 0;
  if (way > MAX_STEPS_PER_TICK * STEP * ticks)
    return `moved ${way} units in ${ticks} tick(s), from (${before!.x}, ${before!.y}) to (${x}, ${y})`;
  return undefined;
}
