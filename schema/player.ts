// What everyone is told about one player.
import { type SchemaType, schema, t } from "@colyseus/schema";
import { DOWN } from "../sim/directions.ts";

/**
 * `x`, `y`: the centre of the body in whole world units, from the map's top left corner. `facing`: 1 left, 2 right,
 * 3 up, 4 down. There is no speed and no input number: a client needs neither to draw a player, and the framework
 * itself acknowledges inputs.
 */
export const Player = schema(
  {
    name: t.string(),
    x: t.uint16(),
    y: t.uint16(),
    facing: t.uint8().default(DOWN),
  },
  "Player",
);
export type Player = SchemaType<typeof Player>;

/** The fields that are kept of a player who is known, and are there again when it comes back. */
export const PERSISTED_FIELDS = ["name", "x", "y", "facing"] as const satisfies (keyof Player)[];
