// Signed-in players, in a child process. Each is a full SDK client that walks, and that rejoins with its token.
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Room } from "@colyseus/sdk";
import type { WorldState } from "../../../schema/world-state.ts";
import { DIRECTIONS } from "../../harness/arena.ts";
import { serve } from "../../harness/ipc.ts";
import { Walk } from "../../harness/load/walk.ts";

/** One player as its own client sees it. */
export interface ClientPlayer {
  /** The player id in the player's token. */
  id: string;
  /** The player in the state that the client has received. */
  self: { x: number; y: number; facing: number; name: string } | undefined;
  /** The close code of the client's connection; undefined while the client is connected. */
  left: number | undefined;
}

/** The requests that the parent process sends to the players. */
export interface PlayerRequests {
  /** Signs in and joins. */
  join(argument: { port: number; players: number }): Promise<void>;
  walk(argument: null): void;
  halt(argument: null): void;
  states(argument: null): ClientPlayer[];
  /** Rejoins each player with its own token. Returns the error messages of failed joins. */
  rejoin(argument: { port: number }): Promise<string[]>;
}

/** The maximum number of concurrent joins. */
const AT_ONCE = 16;

/** The interval of a player's moves, in milliseconds. */
const MOVE_MS = 100;

/** Milliseconds within which the client's own player must be in the state. */
const TIMEOUT_MS = 20_000;

interface Player {
  client: Client;
  /** The player's token. It is kept here, because all SDK clients in a process share one token. */
  token: string;
  walk: Walk;
  room?: Room<unknown, WorldState>;
  left?: number | undefined;
}

const players: Player[] = [];
let walkTimer: NodeJS.Timeout | undefined;

const own = ({ room }: Player) => room?.state.players?.get(room.sessionId);

async function join(player: Player): Promise<void> {
  player.client.auth.token = player.token;
  const room = await player.client.joinOrCreate<WorldState>("world", {});
  room.reconnection.enabled = false;
  player.room = room;
  player.left = undefined;
  room.onLeave((code) => {
    player.left = code;
  });
  const end = performance.now() + TIMEOUT_MS;
  while (!own(player)) {
    if (performance.now() > end || player.left !== undefined) {
      throw new Error(`the join failed: no state received; close code ${player.left ?? "none"}`);
    }
    await wait(5);
  }
}

/** Calls `work` for each index from 0 to `count` - 1, with up to AT_ONCE concurrent calls. */
async function forEach(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const workInSequence = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workInSequence));
}

serve({
  join: async ({ port, players: count }) => {
    // Players sign in one after the other, because all SDK clients in a process share one token.
    for (let index = 0; index < count; index++) {
      const client = new Client(`http://127.0.0.1:${port}`);
      client.auth.token = undefined as unknown as string;
      const { token } = await client.auth.signInAnonymously();
      players.push({ client, token, walk: new Walk(index) });
    }
    await forEach(count, (index) => join(players[index]!));
  },
  walk: () => {
    walkTimer = setInterval(() => {
      for (const { room, walk, left } of players) {
        if (left === undefined) room?.send("move", DIRECTIONS[walk.next()]);
      }
    }, MOVE_MS);
  },
  halt: () => clearInterval(walkTimer),
  states: () =>
    players.map((player) => {
      const self = own(player);
      return {
        id: JSON.parse(Buffer.from(player.token.split(".")[1]!, "base64url").toString()).id,
        self: self && { x: self.x, y: self.y, facing: self.facing, name: self.name },
        left: player.left,
      };
    }),
  rejoin: async ({ port }) => {
    const failed: string[] = [];
    await forEach(players.length, async (index) => {
      const player = players[index]!;
      player.client = new Client(`http://127.0.0.1:${port}`);
      try {
        await join(player);
      } catch (error) {
        failed.push((error as Error).message);
      }
    });
    return failed;
  },
} satisfies PlayerRequests);
