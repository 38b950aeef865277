// Whether the full clients know what they must know: their states, once everything stands still, against the truth.

import type { Contender } from "../contenders/contenders.ts";
import { CELL, FAR, NEAR, REACH } from "./arena.ts";
import type { Known } from "./probes/probe.ts";

/** All players by id. */
export type Players = Record<string, Known>;

/** What one client knows; `id` is its own player's. */
export interface Knowledge {
  id: string;
  players: Players;
}

type Place = Pick<Known, "x" | "y">;

/** Where what a client must know depends on where it is. */
type SightByPlace = Exclude<Contender["sight"], "all" | "one">;

/** Whom a client must know and whom it may know, by their places. */
const SIGHT: Record<SightByPlace, { must: Judge; may: Judge }> = {
  promise: {
    must: (self, other) => Math.hypot(self.x - other.x, self.y - other.y) <= NEAR,
    may: (self, other) => Math.hypot(self.x - other.x, self.y - other.y) <= FAR,
  },
  cells: { must: isInSightByCells, may: isInSightByCells },
};
type Judge = (self: Place, other: Place) => boolean;

function isInSightByCells(self: Place, other: Place): boolean {
  const cells = (a: number, b: number) => Math.abs(Math.floor(a / CELL) - Math.floor(b / CELL));
  return cells(self.x, other.x) <= REACH && cells(self.y, other.y) <= REACH;
}

/** The first thing that one of the clients knows wrongly, in a sentence; undefined if there is none. */
export function faultAgainst(truth: Players, clients: readonly Knowledge[], sight: SightByPlace): string | undefined {
  const { must, may } = SIGHT[sight];
  for (const { id: selfId, players } of clients) {
    const self = truth[selfId];
    if (!self) return `the client ${selfId} is not in the server's state`;
    for (const [id, real] of Object.entries(truth)) {
      if (!players[id] && must(self, real)) return `${selfId} does not know ${id}, who is ${apart(self, real)}`;
    }
    for (const [id, known] of Object.entries(players)) {
      const real = truth[id];
      if (!real) return `${selfId} knows ${id}, who is not in the server's state`;
      if (!may(self, real)) return `${selfId} knows ${id}, who is ${apart(self, real)}`;
      const wrong = differences(known, real);
      if (wrong.length > 0) return `${selfId} knows ${id} wrongly: ${wrong.join(", ")}`;
    }
  }
  return undefined;
}

/** The first thing in which clients who all see the same players differ, in a sentence; undefined if there is none. */
export function faultAmong(clients: readonly Knowledge[], expected: number): string | undefined {
  const [first] = clients;
  for (const { id: selfId, players } of clients) {
    const count = Object.keys(players).length;
    if (count !== expected) return `${selfId} knows ${count} players of ${expected}`;
    for (const [id, known] of Object.entries(players)) {
      const other = first!.players[id];
      if (!other) return `${selfId} knows ${id}, but ${first!.id} does not`;
      const wrong = differences(known, other);
      if (wrong.length > 0) return `${selfId} and ${first!.id} differ on ${id}: ${wrong.join(", ")}`;
    }
  }
  return undefined;
}

function differences(known: Known, real: Known): string[] {
  return (["x", "y", "name", "facing"] as const)
    .filter((field) => known[field] !== real[field])
    .map((field) => `${field} is ${known[field]}, not ${real[field]}`);
}

function apart(self: Place, other: Place): string {
  return `${Math.round(Math.hypot(self.x - other.x, self.y - other.y))} units away`;
}
