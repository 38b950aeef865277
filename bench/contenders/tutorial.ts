// A Colyseus room as in the framework's tutorial. Positions have the type `number`, a message moves the player at once,
// and all clients see all players. The framework's own timer sends 20 patches per second.
import { createServer } from "node:http";
import { Encoder, type SchemaType, schema, t } from "@colyseus/schema";
import { type Client, defineRoom, defineServer, Room, WebSocketTransport } from "colyseus";
import { clamp, type Direction, MOVE } from "../harness/arena.ts";
import { randomStart } from "../harness/crowd.ts";
import { announce, PORT } from "./listen.ts";

const Player = schema({ x: t.number(), y: t.number() }, "Player");
const State = schema({ players: t.map(Player) }, "State");

// The buffer is large enough for the full state of several thousand players. The framework enlarges a buffer that is
// too small, and logs a warning each time.
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
    this.state.players.set(client.sessionId, new Player().assign(randomStart()));
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
