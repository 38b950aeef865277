// The state of the room `world`, as clients receive it.
import { type SchemaType, schema, t } from "@colyseus/schema";
import { Player } from "./player.ts";

/**
 * `map`: name of the map. `width`, `height`: its size in units. `players`: by session id. It is a view: each client
 * receives only the players near its own (rooms/interest/). Every client receives the rest of the state.
 */
export const WorldState = schema(
  {
    map: t.string(),
    width: t.uint16(),
    height: t.uint16(),
    players: t.map(Player).view(),
  },
  "WorldState",
);
export type WorldState = SchemaType<typeof WorldState>;
