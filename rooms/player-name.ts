// Decides which texts can be names of players.
import { type TextLimits, textProblem } from "./visible-text.ts";

const LIMITS: TextLimits = { characters: 24, codePoints: 96, bytes: 256 };

/** Returns a sentence that says why a text cannot be a name; undefined if it can. */
export function nameProblem(name: string): string | undefined {
  return textProblem("name", name, LIMITS);
}
