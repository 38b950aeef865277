// The rare changes: rooms and sessions that begin, change or end. These changes are sent as JSON.
import type { Transport } from "../../telemetry/transports.ts";

/** A room. */
export interface RoomRecord {
  readonly id: string;
  /** The name of its definition. */
  readonly name: string;
  /** The join options with which it was created. */
  readonly options: object;
  /** The size of its map in units. */
  readonly width: number;
  readonly height: number;
  /** The budget of each client in bytes per second; 0 for no limit. */
  readonly maxBytesPerClient: number;
}

/** A session: a reserved seat, a client, or a client whose connection was lost and whose seat is held. */
export interface SessionRecord {
  readonly id: string;
  readonly room: string;
  /** What the room's `onAuth` has returned. */
  readonly auth?: unknown;
  /** The join options, if the seat is reserved and no client has claimed it yet. */
  readonly options?: unknown;
  /** When the reserved or held seat expires, in ms of the cluster's clock. */
  readonly until?: number;
  /** The kind of the last connection. */
  readonly transport?: Transport;
  /** The address of the last connection, or of the client for which the seat was reserved. */
  readonly address?: string;
  /** The SHA-256 hashes of the reconnection tokens that are valid. */
  readonly tokens: readonly string[];
}

/** The changes since the last message. */
export interface News {
  readonly rooms?: readonly RoomRecord[];
  readonly endedRooms?: readonly string[];
  readonly sessions?: readonly SessionRecord[];
  readonly endedSessions?: readonly string[];
}
