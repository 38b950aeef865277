// Hashes of worlds and maps. Two worlds or maps with the same hash are treated as equal. All arithmetic uses 32-bit
// integers, so a program in any language can compute the same hash.
import type { Input } from "./apply-input.ts";
import type { WorldMap } from "./map.ts";
import { CELL, TILE } from "./rules.ts";
import { BODY_FIELDS } from "./step.ts";
import type { PlayerInWorld } from "./world.ts";

/** The part of a player that is hashed. */
type HashedPlayer = Pick<PlayerInWorld, "id" | "body"> & { readonly moves: readonly Input[] };

/**
 * Returns the hash of all bodies and queued moves. It covers only those fields of a body that are in BODY_FIELDS
 * (sim/step.ts). Add a field to BODY_FIELDS if a rule of your own changes the field.
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
export function hashOfMap(map: WorldMap): number {
  let hash = mix(mix(OFFSET_BASIS, map.width), map.height);
  for (let y = 0; y < map.height / TILE; y++) {
    for (let x = 0; x < map.width / TILE; x++) hash = mix(hash, wallsOfTile(x, y, map));
  }
  for (const spawn of map.spawns) hash = mix(mix(hash, spawn.x), spawn.y);
  return hash >>> 0;
}

const CELLS_PER_TILE = TILE / CELL;

/**
 * Returns 0 for an open tile and 1 for a solid tile. Returns a different, larger number for each other combination of
 * solid cells. Older recordings contain hashes from a time when all walls were whole tiles. The numbers 0 and 1 keep
 * these hashes valid.
 */
function wallsOfTile(tileX: number, tileY: number, { isSolid }: WorldMap): number {
  let solid = 0;
  let cells = 0;
  for (let y = 0; y < CELLS_PER_TILE; y++) {
    for (let x = 0; x < CELLS_PER_TILE; x++) {
      cells *= 2;
      if (!isSolid(tileX * CELLS_PER_TILE + x, tileY * CELLS_PER_TILE + y)) continue;
      cells++;
      solid++;
    }
  }
  return solid === CELLS_PER_TILE ** 2 ? 1 : 2 * cells;
}

// FNV-1a (Fowler, Noll, Vo) over 32-bit words instead of bytes. A shift after each word mixes the high bits of the hash
// into its low bits.
const OFFSET_BASIS = 0x811c9dc5;

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

/** Returns `value` if it is an integer. Otherwise returns a number that no valid field has. */
function integerOf(value: number | undefined): number {
  return value !== undefined && Number.isInteger(value) ? value : 0x7fffffff;
}

function mixText(hash: number, text: string): number {
  let mixed = mix(hash, text.length);
  for (let at = 0; at < text.length; at++) mixed = mix(mixed, text.charCodeAt(at));
  return mixed;
}
