// A probe is a full client. It decodes all frames, as a player's client does, and keeps all players that it receives.
import type { Direction } from "../arena.ts";

/** A player as a client has received it. Fields that a server does not send are missing. */
export interface KnownPlayer {
  x: number;
  y: number;
  name?: string;
  facing?: number;
}

/** One full client of any server. */
export interface Probe {
  /** The id of the probe's own player. */
  readonly id: string;
  /** The id of the room, on servers that have rooms. */
  readonly room?: string;
  /** The reason why the connection ended; undefined while it is open. */
  readonly ended?: string | undefined;
  /** The probe's own player; undefined until it has been received. */
  own(): KnownPlayer | undefined;
  /** Returns a copy of all players received, by id. */
  players(): Record<string, KnownPlayer>;
  move(direction: Direction): void;
  /** The findings of the audit of the raw frames, if these are audited. */
  readonly audit?: AuditFigures;
}

/** The findings of the audit of one client's frames. */
export interface AuditFigures {
  frames: number;
  leaks: number;
  /** A description of the first leak, or of the first bytes that could not be read. */
  first?: string;
}

/** Joins, and resolves when the probe's own player is known. `onFrame` is called after each frame has been decoded. */
export type JoinProbe = (port: number, name: string, onFrame: () => void) => Promise<Probe>;
