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
  /** Returns a player as last received; undefined if this client does not know it. */
  get(id: string): KnownPlayer | undefined;
  /** Returns the players that this client knows now, including its own. */
  inSight(): Iterable<KnownPlayer>;
  /** Returns a copy of all players that this client knows now, by id. */
  players(): Record<string, KnownPlayer>;
  move(direction: Direction): void;
  /** The findings of the audit of the raw frames; only on sabang. */
  readonly audit?: AuditFigures;
}

/** The findings of the audit of one client's frames. */
export interface AuditFigures {
  frames: number;
  leaks: number;
  /** A description of the first leak, or of the first bytes that could not be read. */
  first?: string;
}

/**
 * Called after each frame has been decoded.
 * @param clock the room's clock in the frame, in milliseconds; missing if the server sends none.
 */
type OnFrame = (clock?: number) => void;

/** Joins, and resolves when the probe's own player is known. */
export type JoinProbe = (port: number, name: string, onFrame: OnFrame) => Promise<Probe>;
