// The state of the room `world`, as clients receive it.
import { type SchemaType, schema, t } from "@colyseus/schema";
import { Player } from "./player.ts";

/**
 * `map`: name of the map. `width`, `height`: size of the map in units. `players`: the players by session id. A client
 * receives only the players near its own player (rooms/interest/). All other fields are sent to every client.
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
