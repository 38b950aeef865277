// Player records for tests of the store.
import type { PlayerRecord } from "../../../rooms/player-store.ts";

/** Returns a record with the given fields, and default values for the others. */
export function place(fields: Partial<PlayerRecord> = {}): PlayerRecord {
  return { player: "ann", map: "plaza", x: 100, y: 200, facing: 4, name: "Ann", savedAt: 1_000_000, ...fields };
}

/** Returns records of many players: `player-0`, `player-1`, … */
export function crowd(size: number, fields: Partial<PlayerRecord> = {}): PlayerRecord[] {
  return Array.from({ length: size }, (_, i) => place({ player: `player-${i}`, x: i, name: `Player ${i}`, ...fields }));
}
