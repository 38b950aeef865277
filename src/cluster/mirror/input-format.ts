// How inputs are sent between processes: all fields of each input, in the types that MoveInput declares.
import type { Schema } from "@colyseus/schema";
import { BLANK_INPUT, INPUT_TYPES, MoveInput } from "../../../schema/move-input.ts";
import type { Input } from "../../../sim/apply-input.ts";
import { FieldCodec, MAX_FIELDS_BYTES } from "./field-codec.ts";
import type { SchemaReader, SchemaWriter } from "./schema-bytes.ts";

const CODEC = new FieldCodec(MoveInput as unknown as typeof Schema);

/** Writes an input. The input of a `move` may lack fields. A missing field gets the value that it has in a no-op. */
export function writeInput(out: SchemaWriter, input: Readonly<Input>): void {
  out.reserve(MAX_FIELDS_BYTES);
  for (let index = 0; index < INPUT_TYPES.length; index++) {
    const name = INPUT_TYPES[index]![0];
    CODEC.write(out, index, input[name] ?? BLANK_INPUT[name]);
  }
}

/** Reads an input. */
export function readInput(source: SchemaReader): Input {
  const input: Record<string, unknown> = {};
  for (let index = 0; index < INPUT_TYPES.length; index++) input[INPUT_TYPES[index]![0]] = CODEC.read(source, index);
  return input as unknown as Input;
}

/** Copies all fields of an input to `target`. @returns whether one of them was different. */
export function copyInput(input: Readonly<Input>, target: Input): boolean {
  let isDifferent = false;
  for (let index = 0; index < INPUT_TYPES.length; index++) {
    const name = INPUT_TYPES[index]![0];
    if (target[name] === input[name]) continue;
    (target as unknown as Record<string, unknown>)[name] = input[name];
    isDifferent = true;
  }
  return isDifferent;
}

/** In a frame of the framework, this bit of a field's number says that the value of the field follows. */
const ADD = 0x80;

/** Writes the body of a client's input frame. The frame contains all fields, as if all of them had changed. */
export function inputFrameBody(input: Readonly<Input>, out: SchemaWriter): void {
  out.reserve(MAX_FIELDS_BYTES);
  for (let index = 0; index < INPUT_TYPES.length; index++) {
    out.byte(ADD | index);
    CODEC.write(out, index, input[INPUT_TYPES[index]![0]]);
  }
}
