// Hashes of worlds and maps. Two worlds or maps with the same hash are treated as equal. The arithmetic is limited to
// 32-bit integers, so a program in any language can compute the same hash.
import type { Input } from "./apply-input.ts";
import type { WorldMap } from "./map.ts";
import { TILE } from "./rules.ts";
import { BODY_FIELDS } from "./step.ts";
import type { PlayerInWorld } from "./world.ts";

/** The part of a player that is hashed. */
type HashedPlayer = Pick<PlayerInWorld, "id" | "body"> & { readonly moves: readonly Input[] };

/**
 * Returns the hash of all bodies and queued moves. If a rule of your own changes another field of a body, add the field
 * to BODY_FIELDS in sim/step.ts. The hash then covers it.
 */
export function hashOfPlayers(players: Iterable<HashedPlayer>): number {
  let hash = OFFSET_BASIS;
  for (const { id, body, moves } of players) {
    hash = mixText(hash, id);
    for (const field of BODY_FIELDS) hash = mix(hash, integerOf(body[field]));
    hash = mix(hash, moves.length);
    for (const move of moves) for (const value of Object.values(move)) hash = mix(hash, integerOf(Number(value)));
  }
  return hash >>> 0;
}

/** Returns the hash of the parts of a map that affect the world: size, walls and spawns. Decoration is not hashed. */
export function hashOfMap({ width, height, spawns, isWall }: WorldMap): number {
  let hash = mix(mix(OFFSET_BASIS, width), height);
  for (let y = 0; y < height / TILE; y++) {
    for (let x = 0; x < width / TILE; x++) hash = mix(hash, isWall(x, y) ? 1 : 0);
  }
  for (const spawn of spawns) hash = mix(mix(hash, spawn.x), spawn.y);
  return hash >>> 0;
}

// FNV-1a (Fowler, Noll, Vo) over 32-bit words instead of bytes. A shift after each word mixes the high bits of the hash
// into its low bits.
const OFFSET_BASIS = 0x811c9dc5;

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

/** Returns an integer for the hash. Missing values and fractions become a value that no valid field has. */
function integerOf(value: number | undefined): number {
  return value !== undefined && Number.isInteger(value) ? value : 0x7fffffff;
}

function mixText(hash: number, text: string): number {
  let mixed = mix(hash, text.length);
  for (let at = 0; at < text.length; at++) mixed = mix(mixed, text.charCodeAt(at));
  return mixed;
}
