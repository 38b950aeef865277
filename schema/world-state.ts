// What a client receives of the room `world`.
import { type SchemaType, schema, t } from "@colyseus/schema";
import { Player } from "./player.ts";

/**
 * `map`: name of the map. `width`, `height`: its size in units. `players`: by session id; marked as a view because each
 * client is sent only those near its own (rooms/interest/). The rest of the state is sent to everyone.
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
