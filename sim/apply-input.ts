// Applies one input to a body: the rules of the game begin here. The server runs this for each input that a tick takes.
// The page and the bots predict their inputs with the same function, so they always agree with the server.
import { type Direction, DOWN, directionOfCode, directionOfWord, LEFT, NONE, RIGHT, UP } from "./directions.ts";
import { type Body, step, type Walls } from "./step.ts";

/** A player's request for one tick: the fields of schema/move-input.ts. A `move` message carries only the direction. */
export interface Input {
  /** The code of a direction (sim/directions.ts). Any other code makes the input a no-op. */
  direction: number;
}

/** The input of a step in each direction. Shared objects, because each move would otherwise allocate one. */
const STEPS: Readonly<Record<Direction, Input>> = {
  [LEFT]: { direction: LEFT },
  [RIGHT]: { direction: RIGHT },
  [UP]: { direction: UP },
  [DOWN]: { direction: DOWN },
};

/** Returns the input for one of the eight words: one step in its direction. Returns undefined for any other value. */
export function inputOfWord(word: unknown): Readonly<Input> | undefined {
  const direction = directionOfWord(word);
  return direction && STEPS[direction];
}

/**
 * Applies `input` to `body`.
 * @returns false for a no-op, true for any other input. An input that is not a no-op ends the body's tick.
 */
export function applyInput(body: Body, input: Input, walls: Walls): boolean {
  const direction = directionOfCode(input.direction);
  if (direction === NONE) return false;
  step(body, direction, walls);
  return true;
}
