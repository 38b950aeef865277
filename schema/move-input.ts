// One predicted input of one player, sent once per tick by clients that predict.
import { Metadata, type SchemaType, schema, t } from "@colyseus/schema";
import type { Input } from "../sim/apply-input.ts";

/**
 * `direction`: 0 none, 1 left, 2 right, 3 up, 4 down. There is no duration: one input is one step of 8 units, so no
 * client can claim more time than has passed. A new field must also be added to `Input` of sim/apply-input.ts. Its type
 * must have a fixed size (src/sockets/input-frames.ts).
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
