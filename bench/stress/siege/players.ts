// Players with tokens, each a full SDK client, who walk and come back by joining again: a process of its own.
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Room } from "@colyseus/sdk";
import type { WorldState } from "../../../schema/world-state.ts";
import { DIRECTIONS } from "../../harness/arena.ts";
import { serve } from "../../harness/ipc.ts";
import { Walk } from "../../harness/load/walk.ts";

/** One player, as it knows itself. */
export interface Known {
  /** The id that its token names. */
  id: string;
  place: { x: number; y: number; facing: number; name: string } | undefined;
  /** The code with which its room was left; undefined while it is in. */
  left: number | undefined;
}

/** The orders of the players. */
export interface PlayerOrders {
  /** Signs in and joins. */
  join(argument: { port: number; players: number }): Promise<void>;
  walk(argument: null): void;
  halt(argument: null): void;
  known(argument: null): Known[];
  /** Joins once more, each with its own token. Gives the sentences of those who could not. */
  rejoin(argument: { port: number }): Promise<string[]>;
}

/** Joins at a time. */
const AT_ONCE = 16;

/** Milliseconds between two moves of a player. */
const MOVE_MS = 100;

/** Milliseconds for the own player to be in the state. */
const PATIENCE_MS = 20_000;

interface Player {
  client: Client;
  /** SDK clients of one process share what they have stored, so each one's own is kept here. */
  token: string;
  walk: Walk;
  room?: Room<unknown, WorldState>;
  left?: number | undefined;
}

const players: Player[] = [];
let walking: NodeJS.Timeout | undefined;

const own = ({ room }: Player) => room?.state.players?.get(room.sessionId);

async function enter(player: Player): Promise<void> {
  player.client.auth.token = player.token;
  const room = await player.client.joinOrCreate<WorldState>("world", {});
  room.reconnection.enabled = false;
  player.room = room;
  player.left = undefined;
  room.onLeave((code) => {
    player.left = code;
  });
  const end = performance.now() + PATIENCE_MS;
  while (!own(player)) {
    if (performance.now() > end || player.left !== undefined) throw new Error(`no state; left with ${player.left}`);
    await wait(5);
  }
}

/** Does something for each of many, some at a time. */
async function forEach(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const oneAfterAnother = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, oneAfterAnother));
}

serve({
  join: async ({ port, players: count }) => {
    // One after the other: the token of a sign-in lies in a place that all share.
    for (let index = 0; index < count; index++) {
      const client = new Client(`http://127.0.0.1:${port}`);
      client.auth.token = undefined as unknown as string;
      const { token } = await client.auth.signInAnonymously();
      players.push({ client, token, walk: new Walk(index) });
    }
    await forEach(count, (index) => enter(players[index]!));
  },
  walk: () => {
    walking = setInterval(() => {
      for (const { room, walk, left } of players) {
        if (left === undefined) room?.send("move", DIRECTIONS[walk.next()]);
      }
    }, MOVE_MS);
  },
  halt: () => clearInterval(walking),
  known: () =>
    players.map((player) => {
      const self = own(player);
      return {
        id: JSON.parse(Buffer.from(player.token.split(".")[1]!, "base64url").toString()).id,
        place: self && { x: self.x, y: self.y, facing: self.facing, name: self.name },
        left: player.left,
      };
    }),
  rejoin: async ({ port }) => {
    const failed: string[] = [];
    await forEach(players.length, async (index) => {
      const player = players[index]!;
      player.client = new Client(`http://127.0.0.1:${port}`);
      try {
        await enter(player);
      } catch (error) {
        failed.push((error as Error).message);
      }
    });
    return failed;
  },
} satisfies PlayerOrders);
