// The three ways to move in the room, behind one interface, so that each movement test runs for all of them.
import type { Room } from "@colyseus/sdk";
import type { MoveInput } from "../../schema/move-input.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { DIRECTION_OF_WORD, type DirectionWord } from "../../sim/directions.ts";
import { PlainPlayer } from "./plain.ts";
import type { TestServer } from "./server.ts";
import { until } from "./until.ts";

/** A client that walks and sees players. */
interface Walker {
  id: string;
  /** Sends one step. */
  move(word: DirectionWord): void;
  /** Returns a player's position; undefined if this client does not see the player. A client sees its own player. */
  sees(id: string): { x: number; y: number } | undefined;
  /** Returns the number of visible players, including the client's own player. */
  count(): number;
  leave(): Promise<void>;
}

export interface Way {
  name: string;
  join(server: TestServer, options?: { name?: string; map?: string }): Promise<Walker>;
}

/** Joins with the SDK and waits until the client's own player is in the state. */
export async function joinWithSdk(
  server: TestServer,
  options: Record<string, unknown> = {},
  token?: string,
): Promise<Room<unknown, WorldState>> {
  const room = await server.client(token).joinOrCreate<WorldState>("world", options);
  // The SDK reconnects only after a minimum uptime, but a test may drop a new connection.
  room.reconnection.minUptime = 0;
  await until(() => room.state.players?.has(room.sessionId));
  return room;
}

function sdkWalker(room: Room<unknown, WorldState>, move: Walker["move"]): Walker {
  return {
    id: room.sessionId,
    move,
    sees: (id) => room.state.players.get(id),
    count: () => room.state.players.size,
    leave: async () => {
      await room.leave();
    },
  };
}

const byMessage: Way = {
  name: "the message `move`",
  join: async (server, options) => {
    const room = await joinWithSdk(server, options);
    return sdkWalker(room, (word) => room.send("move", word));
  },
};

const byInput: Way = {
  name: "the input channel",
  join: async (server, options) => {
    const room = await joinWithSdk(server, options);
    const input = room.input<MoveInput>();
    return sdkWalker(room, (word) => {
      input.data.direction = DIRECTION_OF_WORD[word];
      input.send();
    });
  },
};

const byPlainSocket: Way = {
  name: "the plain WebSocket",
  join: async (server, options = {}) => {
    const query = new URLSearchParams(options as Record<string, string>);
    const player = await PlainPlayer.join(server.url, `?${query}`);
    return {
      id: player.id,
      move: (word) => player.socket.send(word),
      sees: (id) => player.players.get(id),
      count: () => player.players.size,
      leave: async () => {
        player.socket.close();
        await until(() => player.closed);
      },
    };
  },
};

export const WAYS: Way[] = [byMessage, byInput, byPlainSocket];
