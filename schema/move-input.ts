// One predicted input of one player, sent once per tick by clients that predict.
import { type SchemaType, schema, t } from "@colyseus/schema";

/**
 * `direction`: 0 none, 1 left, 2 right, 3 up, 4 down. There is no duration: one input is one step of 8 units,
 * so there is no claimed time for a cheat to stretch.
 * src/sockets/frame-guard.ts lets inputs of exactly this shape pass: whoever adds a field changes it there, too.
 */
export const MoveInput = schema({ direction: t.uint8() }, "MoveInput");
export type MoveInput = SchemaType<typeof MoveInput>;
