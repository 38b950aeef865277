// The input that a client with client-side prediction sends once per tick.
import { Metadata, type SchemaType, schema, t } from "@colyseus/schema";
import type { Input } from "../sim/apply-input.ts";

/**
 * `direction`: 0 none, 1 left, 2 right, 3 up, 4 down. One input is one step of up to 8 units. It has no duration that a
 * client could falsify. A new field must also be added to `Input` in sim/apply-input.ts. The field's type must have a
 * fixed size, so that src/sockets/input-frames.ts can validate the bytes of an input.
 */
export const MoveInput = schema({ direction: t.uint8() }, "MoveInput");
export type MoveInput = SchemaType<typeof MoveInput>;

/** The fields of an input in the order of their numbers on the wire, each with its type. */
export const INPUT_TYPES: readonly (readonly [field: keyof Input, type: string])[] = Object.entries(
  Metadata.getFields(MoveInput) as Record<keyof Input, string>,
) as [keyof Input, string][];

/** A no-op input. Each field has the value that the framework sets when a client does not send the field. */
export const BLANK_INPUT = Object.freeze(
  Object.fromEntries(INPUT_TYPES.map(([field, type]) => [field, type === "boolean" ? false : 0])),
) as unknown as Readonly<Input>;
