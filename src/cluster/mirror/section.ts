// The changes of one room in one tick, in this order:
//
//   flags, the room's clock, the largest earlier reference id (only in a whole section), the changes of the shared
//   state, removed players (only their slots), added players, changed players, waiting inputs, messages to players in
//   sight
//
// In a list of players, each player begins with its slot plus 1, and 0 ends the list. Each player of a room
// has its own slot, a small number. A later player may get the slot of a removed player.
import type { Input } from "../../../sim/apply-input.ts";
import { readInput, writeInput } from "./input-format.ts";
import type { SchemaReader, SchemaWriter } from "./schema-bytes.ts";

/** The flag of a section that contains the whole room, not only the changes of a tick. */
export const WHOLE = 1;

/** The flag of a section whose room defines inputs. The frames for that room's clients contain the room's clock. */
export const TIMED = 2;

/** The number that ends a list of players. */
export const END = 0;

/** The inputs that wait in one kind of queue of a room, by the slots of their players. */
export type WaitingInputs = Map<number, Input[]>;

/** Writes the inputs that wait in one kind of queue. */
export function writeWaiting(out: SchemaWriter, waiting: Iterable<[slot: number, inputs: readonly Input[]]>): void {
  for (const [slot, inputs] of waiting) {
    out.number(slot + 1);
    out.number(inputs.length);
    for (const input of inputs) writeInput(out, input);
  }
  out.number(END);
}

/** Reads what `writeWaiting` has written. */
export function readWaiting(source: SchemaReader): WaitingInputs {
  const waiting: WaitingInputs = new Map();
  for (let slot = source.number(); slot !== END; slot = source.number())
    waiting.set(
      slot - 1,
      Array.from({ length: source.number() }, () => readInput(source)),
    );
  return waiting;
}
