// A Colyseus room as the framework's tutorial has it: positions are numbers of any kind, a message moves the player at
// once, everybody sees everybody, patches go out by the framework's own timer (20 a second).
import { createServer } from "node:http";
import { Encoder, type SchemaType, schema, t } from "@colyseus/schema";
import { type Client, defineRoom, defineServer, Room, WebSocketTransport } from "colyseus";
import { anywhere, clamp, type Direction, MOVE } from "../harness/arena.ts";
import { announce, PORT } from "./listen.ts";

const Player = schema({ x: t.number(), y: t.number() }, "Player");
const State = schema({ players: t.map(Player) }, "State");

// Room for the full state of several thousand players; the default warns and grows.
Encoder.BUFFER_SIZE = 256 * 1024;

class TutorialRoom extends Room<{ state: SchemaType<typeof State> }> {
  override state = new State();

  override messages = {
    move: (client: Client, direction: Direction) => {
      const player = this.state.players.get(client.sessionId);
      const move = MOVE[direction];
      if (!player || !move) return;
      player.x = clamp(player.x + move.x);
      player.y = clamp(player.y + move.y);
    },
  };

  override onJoin(client: Client) {
    this.state.players.set(client.sessionId, new Player().assign({ x: anywhere(), y: anywhere() }));
  }

  override onLeave(client: Client) {
    this.state.players.delete(client.sessionId);
  }
}

const httpServer = createServer();
const server = defineServer({
  greet: false,
  transport: new WebSocketTransport({ server: httpServer }),
  rooms: { tutorial: defineRoom(TutorialRoom) },
});
await server.listen(PORT, "127.0.0.1");
announce(httpServer);
