// What one input does to a body: the rules of the game begin here. The server runs this for the one input of a player that
// a tick takes, and the page and the bots for each input that they predict, so all of them always agree.
import { directionOfCode, NONE } from "./directions.ts";
import { type Body, step, type Walls } from "./step.ts";

/** What a player asks for in one tick: the fields of schema/move-input.ts. A `move` with a word has only the direction. */
export interface Input {
  /** The code of a direction (sim/directions.ts). Any other code asks for nothing. */
  direction: number;
}

/**
 * Does to `body` what `input` asks for.
 * @returns whether it did anything. If it did, the tick of this body is over.
 */
export function applyInput(body: Body, input: Input, walls: Walls): boolean {
  const direction = directionOfCode(input.direction);
  if (direction === NONE) return false;
  step(body, direction, walls);
  return true;
}
