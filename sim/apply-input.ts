// Applies one input to a body. Add rules of the game here. The server calls `applyInput` for each input of a tick. The
// page and the bots predict their inputs with the same function, so their predictions always agree with the server.
import { type Direction, DOWN, directionOfCode, directionOfWord, LEFT, NONE, RIGHT, UP } from "./directions.ts";
import { type Body, step, type Walls } from "./step.ts";

/** A player's input for one tick, with the fields of schema/move-input.ts. A `move` message has only the direction. */
export interface Input {
  /** The code of a direction (sim/directions.ts). Any other code makes the input a no-op. */
  direction: number;
}

/** One input per direction. All `move` messages share these objects, so that none of them allocates an object. */
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
 * @returns whether `input` counts as the body's one input of a tick: false for a no-op, true for any other input.
 */
export function applyInput(body: Body, input: Input, walls: Walls): boolean {
  const direction = directionOfCode(input.direction);
  if (direction === NONE) return false;
  step(body, direction, walls);
  return true;
}
