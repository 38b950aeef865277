// The state of one player, as clients receive it.
import { type SchemaType, schema, t } from "@colyseus/schema";
import { DOWN } from "../sim/directions.ts";

/** Number of different looks. Each client decides how to draw a look; the page draws a jacket and hair for each. */
export const LOOKS = 48;

/**
 * `x`, `y`: the centre of the body in integer world units, from the map's top left corner. `facing`: 1 left, 2 right,
 * 3 up, 4 down. `look`: 0 to `LOOKS - 1`. Speed is not a field, because a client does not need it to draw a player. The
 * number of applied inputs is not a field, because the header of a state frame contains it.
 */
export const Player = schema(
  {
    name: t.string(),
    x: t.uint16(),
    y: t.uint16(),
    facing: t.uint8().default(DOWN),
    look: t.uint8(),
  },
  "Player",
);
export type Player = SchemaType<typeof Player>;

/** The fields that the server saves for a signed-in player and restores when the player returns. */
export const PERSISTED_FIELDS = ["name", "x", "y", "facing", "look"] as const satisfies (keyof Player)[];
