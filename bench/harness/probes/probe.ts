// A full client: it decodes all that it gets, as a player's would, and knows everybody that it was told of.
import type { Direction } from "../arena.ts";

/** What a client knows of one player. Fields that a server does not have are left out. */
export interface Known {
  x: number;
  y: number;
  name?: string;
  facing?: number;
}

/** One full client of any server. */
export interface Probe {
  /** Its own player's. */
  readonly id: string;
  /** The room that it is in, where there are rooms. */
  readonly room?: string;
  /** Why its connection ended, if it has. */
  readonly ended?: string | undefined;
  /** Its own player, as far as it was told. */
  own(): Known | undefined;
  /** Everybody it knows, by id; a copy. */
  players(): Record<string, Known>;
  move(direction: Direction): void;
  /** What the audit of the raw frames has found, where there is one. */
  readonly audit?: AuditFigures;
}

/** What the audit of the frames of one client has found. */
export interface AuditFigures {
  frames: number;
  leaks: number;
  /** The first leak, or the first bytes that could not be accounted for, in a sentence. */
  first?: string;
}

/** Joins, and resolves as soon as the own player is known. `onFrame`: called for each frame, as soon as it is decoded. */
export type JoinProbe = (port: number, name: string, onFrame: () => void) => Promise<Probe>;
