// What one input does to a body: the rules of the game begin here. The server runs this for the one input of a player
// that a tick takes, the page for each input that it predicts, so both always agree.
import { directionOfCode, NONE } from "./directions.ts";
import { type Body, step, type Walls } from "./step.ts";

/**
 * Does to `body` what the input `code` asks for. The codes are those of the directions; any other asks for nothing.
 * @returns whether it did anything: then the tick of this body is over.
 */
export function applyInput(body: Body, code: number, walls: Walls): boolean {
  const direction = directionOfCode(code);
  if (direction === NONE) return false;
  step(body, direction, walls);
  return true;
}
