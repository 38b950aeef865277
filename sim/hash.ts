// Hashes of worlds and maps: two with the same hash are taken to be equal. 32-bit integers only, so that a program in any
// language computes the same.
import type { Input } from "./apply-input.ts";
import type { WorldMap } from "./map.ts";
import { TILE } from "./rules.ts";
import { BODY_FIELDS } from "./step.ts";
import type { PlayerInWorld } from "./world.ts";

/** The part of a player that is hashed. */
type Hashed = Pick<PlayerInWorld, "id" | "body"> & { readonly moves: readonly Input[] };

/**
 * The hash of every body and every queued move. A field that a rule of your own changes is part of it as soon as
 * BODY_FIELDS in sim/step.ts names it.
 */
export function hashOfPlayers(players: Iterable<Hashed>): number {
  let hash = BASIS;
  for (const { id, body, moves } of players) {
    hash = mixText(hash, id);
    for (const field of BODY_FIELDS) hash = mix(hash, whole(body[field]));
    hash = mix(hash, moves.length);
    for (const move of moves) for (const value of Object.values(move)) hash = mix(hash, whole(Number(value)));
  }
  return hash >>> 0;
}

/** The hash of what a world uses of its map: size, walls and spawns. Everything decorative may change. */
export function hashOfMap({ width, height, spawns, isWall }: WorldMap): number {
  let hash = mix(mix(BASIS, width), height);
  for (let y = 0; y < height / TILE; y++) {
    for (let x = 0; x < width / TILE; x++) hash = mix(hash, isWall(x, y) ? 1 : 0);
  }
  for (const spawn of spawns) hash = mix(mix(hash, spawn.x), spawn.y);
  return hash >>> 0;
}

// FNV-1a (Fowler, Noll, Vo), fed with whole 32 bits, each stirred so that the high ones count for the low ones.
const BASIS = 0x811c9dc5;

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

/** A number as the hash takes it. Missing values and fractions get a value that no valid field has. */
function whole(value: number | undefined): number {
  return value !== undefined && Number.isInteger(value) ? value : 0x7fffffff;
}

function mixText(hash: number, text: string): number {
  let mixed = mix(hash, text.length);
  for (let at = 0; at < text.length; at++) mixed = mix(mixed, text.charCodeAt(at));
  return mixed;
}
