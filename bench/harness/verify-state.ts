// Compares the states of the full clients with the server's state, or with each other. All players must have stopped.
import type { Contender } from "../contenders/contenders.ts";
import { CELL, FAR, NEAR, REACH } from "./arena.ts";
import type { KnownPlayer } from "./probes/probe.ts";

/** All players by id. */
export type Players = Record<string, KnownPlayer>;

/** The state of one client. `id` is the id of its own player. */
export interface ClientState {
  id: string;
  players: Players;
}

type Position = Pick<KnownPlayer, "x" | "y">;

/** The kinds of sight (see Contender) in which the players' positions determine which players a client sees. */
type SightByPosition = Exclude<Contender["sight"], "all" | "one">;

/**
 * The rules of each kind of sight. `must` returns whether a client must know another player. `may` returns whether a
 * client may know another player.
 */
const SIGHT: Record<SightByPosition, { must: SightRule; may: SightRule }> = {
  promise: {
    must: (self, other) => Math.hypot(self.x - other.x, self.y - other.y) <= NEAR,
    may: (self, other) => Math.hypot(self.x - other.x, self.y - other.y) <= FAR,
  },
  cells: { must: isInSightByCells, may: isInSightByCells },
};
type SightRule = (self: Position, other: Position) => boolean;

function isInSightByCells(self: Position, other: Position): boolean {
  const cells = (a: number, b: number) => Math.abs(Math.floor(a / CELL) - Math.floor(b / CELL));
  return cells(self.x, other.x) <= REACH && cells(self.y, other.y) <= REACH;
}

/** Describes the first difference between a client's state and the server's; undefined if all states are correct. */
export function mismatchWithServer(
  truth: Players,
  clients: readonly ClientState[],
  sight: SightByPosition,
): string | undefined {
  const { must, may } = SIGHT[sight];
  for (const { id: selfId, players } of clients) {
    const self = truth[selfId];
    if (!self) return `client ${selfId} is not in the server's state`;
    for (const [id, real] of Object.entries(truth)) {
      if (!players[id] && must(self, real)) return `${selfId} does not know ${id}, at ${distanceText(self, real)}`;
    }
    for (const [id, known] of Object.entries(players)) {
      const real = truth[id];
      if (!real) return `${selfId} knows ${id}, but the server's state has no such player`;
      if (!may(self, real)) return `${selfId} must not know ${id}, at ${distanceText(self, real)}`;
      const wrong = differences(known, real);
      if (wrong.length > 0) return `${selfId} has wrong data of ${id}: ${wrong.join(", ")}`;
    }
  }
  return undefined;
}

/**
 * Describes the first difference between the states of clients that should all see the same players; undefined if
 * these states are equal.
 * @param expected the number of players that each client should know.
 */
export function mismatchAmongClients(clients: readonly ClientState[], expected: number): string | undefined {
  const [first] = clients;
  for (const { id: selfId, players } of clients) {
    const count = Object.keys(players).length;
    if (count !== expected) return `${selfId} knows ${count} players; expected ${expected}`;
    for (const [id, known] of Object.entries(players)) {
      const other = first!.players[id];
      if (!other) return `${selfId} knows ${id}, but ${first!.id} does not`;
      const wrong = differences(known, other);
      if (wrong.length > 0) return `${selfId} and ${first!.id} differ on ${id}: ${wrong.join(", ")}`;
    }
  }
  return undefined;
}

function differences(known: KnownPlayer, real: KnownPlayer): string[] {
  return (["x", "y", "name", "facing"] as const)
    .filter((field) => known[field] !== real[field])
    .map((field) => `${field} is ${known[field]}, not ${real[field]}`);
}

function distanceText(self: Position, other: Position): string {
  return `${Math.round(Math.hypot(self.x - other.x, self.y - other.y))} units`;
}
