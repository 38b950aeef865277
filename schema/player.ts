// The state of one player, as clients receive it.
import { type SchemaType, schema, t } from "@colyseus/schema";
import { DOWN } from "../sim/directions.ts";

/**
 * `x`, `y`: the centre of the body in integer world units, from the map's top left corner. `facing`: 1 left, 2 right,
 * 3 up, 4 down. There is no speed, because a client does not need it to draw a player. There is no input number,
 * because the framework itself acknowledges inputs.
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

/** The fields that the server saves for a signed-in player and restores when the player returns. */
export const PERSISTED_FIELDS = ["name", "x", "y", "facing"] as const satisfies (keyof Player)[];
