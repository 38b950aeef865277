// For the connections of a process: the frames that the rooms have not processed yet, and the ends of the connections.
import type { Limits } from "./limits.ts";
import type { ClientClose, Progress, SessionEntry, UpFrame } from "./ports.ts";
import type { OwnConnection, SessionTable } from "./session-table.ts";

interface Connection {
  readonly session: string;
  readonly connection: string;
  /** The handle in the session table. A connection that is not in the table has no handle, and its frames wait. */
  handle: number | undefined;
  /** The number of the last frame. */
  last: number;
  /** The number of the last frame that was sent to the present authority. */
  sent: number;
  /** The frames that the rooms have not processed, oldest first. */
  readonly kept: Uint8Array[];
  /** Whether too many frames were waiting. If so, the connection accepts no more frames and must be closed. */
  isFull: boolean;
  close: ClientClose | undefined;
  isCloseSent: boolean;
  /** The time at which the connection ended. */
  closedAt: number;
}

/** The connections of one process, with everything that the authority must learn about them. */
export class UpConnections {
  readonly #table: SessionTable;
  readonly #limits: Limits;
  readonly #connections = new Map<string, Connection>();
  /** The connections that are in the session table, by handle. */
  readonly #byHandle = new Map<number, Connection>();
  /** The ended connections, in the order in which they ended. */
  readonly #closed = new Map<string, Connection>();
  /** The connections that have something to send and are in the session table. */
  readonly #ready = new Set<Connection>();
  /** The connections that have become full. */
  #full: OwnConnection[] = [];
  #kept = 0;
  #dropped = 0;

  constructor(table: SessionTable, limits: Limits) {
    this.#table = table;
    this.#limits = limits;
  }

  /** Frames that the rooms have not processed yet. */
  get kept(): number {
    return this.#kept;
  }

  /** Frames of connections that were closed because too many of their frames were waiting. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Adds the next frame of a connection. Drops all frames of the connection if too many are waiting. The connection
   * must then be closed.
   */
  deliver(session: string, id: string, frame: Uint8Array): void {
    const connection = this.#get(session, id);
    if (connection.close || connection.isFull) return;
    connection.last++;
    connection.kept.push(frame);
    this.#kept++;
    if (connection.kept.length > this.#limits.framesPerConnection) this.#fill(connection);
    else if (connection.handle !== undefined) this.#ready.add(connection);
  }

  /** Takes the connections that have become full since the last call. */
  takeFull(): OwnConnection[] {
    return this.#full.splice(0);
  }

  /** Called when a connection has ended. */
  disconnected(session: string, id: string, code: number, now: number): void {
    const connection = this.#get(session, id);
    if (connection.close) return;
    connection.close = { session, connection: id, code };
    connection.closedAt = now;
    this.#closed.set(id, connection);
    if (connection.handle !== undefined) this.#ready.add(connection);
    this.#forgetClosed(now);
  }

  /**
   * Called when the table has this entry of a connection: the frames of the connection may be sent. Drops the frames
   * that the rooms have processed.
   */
  shown({ connection: id, handle, received }: SessionEntry): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    this.#setHandle(connection, handle);
    this.#drop(connection, received);
    if (hasNews(connection)) this.#ready.add(connection);
  }

  /** Called when the rooms have processed frames of a connection. Drops these frames. */
  progress({ handle, received }: Progress): void {
    const connection = this.#byHandle.get(handle);
    if (connection) this.#drop(connection, received);
  }

  /**
   * Called when the table does not have the connection any more. The end of the connection is sent again if an older
   * state shows the connection again.
   */
  hidden(id: string): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    this.#setHandle(connection, undefined);
    connection.isCloseSent = false;
    this.#ready.delete(connection);
  }

  /** Called when there is a new authority: everything must be sent again. Call `shown` for each entry afterwards. */
  restart(): void {
    this.#ready.clear();
    for (const connection of this.#connections.values()) {
      this.#setHandle(connection, undefined);
      connection.sent = 0;
      connection.isCloseSent = false;
    }
  }

  /** Whether there is something to send. */
  get hasNews(): boolean {
    return this.#ready.size > 0;
  }

  /** Takes up to `limit` frames to send, and the ends of connections that have no further frames. */
  take(limit: number): { frames: UpFrame[]; closes: ClientClose[] } {
    const frames: UpFrame[] = [];
    const closes: ClientClose[] = [];
    for (const connection of this.#ready) {
      const { handle, last, kept } = connection;
      const processed = last - kept.length;
      for (let number = Math.max(connection.sent, processed) + 1; number <= last; number++) {
        if (frames.length >= limit) return { frames, closes };
        frames.push({ handle: handle!, number, frame: kept[number - processed - 1]! });
        connection.sent = number;
      }
      this.#ready.delete(connection);
      if (!connection.close || connection.isCloseSent) continue;
      closes.push(connection.close);
      connection.isCloseSent = true;
    }
    return { frames, closes };
  }

  #get(session: string, id: string): Connection {
    let connection = this.#connections.get(id);
    if (!connection) {
      const state = {
        handle: undefined,
        last: 0,
        sent: 0,
        kept: [],
        isFull: false,
        close: undefined,
        isCloseSent: false,
        closedAt: 0,
      };
      connection = { session, connection: id, ...state };
      this.#connections.set(id, connection);
      this.#setHandle(connection, this.#table.entryOf(id)?.handle);
    }
    return connection;
  }

  #setHandle(connection: Connection, handle: number | undefined): void {
    if (connection.handle !== undefined) this.#byHandle.delete(connection.handle);
    connection.handle = handle;
    if (handle !== undefined) this.#byHandle.set(handle, connection);
  }

  /** Drops the frames up to a number. */
  #drop({ kept, last }: Connection, received: number): void {
    const dropped = Math.min(Math.max(received - (last - kept.length), 0), kept.length);
    this.#kept -= dropped;
    // Usually the rooms have processed all frames, and emptying an array is much faster than `splice`.
    if (dropped === kept.length) kept.length = 0;
    else if (dropped > 0) kept.splice(0, dropped);
  }

  #fill(connection: Connection): void {
    const dropped = connection.kept.splice(0).length;
    connection.isFull = true;
    this.#kept -= dropped;
    this.#dropped += dropped;
    this.#ready.delete(connection);
    this.#full.push(connection);
  }

  #forgetClosed(now: number): void {
    for (const [id, connection] of this.#closed) {
      const isOld = now - connection.closedAt > this.#limits.closedMs;
      if (!isOld && this.#closed.size <= this.#limits.closedConnections) return;
      this.#closed.delete(id);
      this.#connections.delete(id);
      this.#setHandle(connection, undefined);
      this.#ready.delete(connection);
      this.#kept -= connection.kept.length;
    }
  }
}

function hasNews({ last, sent, kept, close, isCloseSent }: Connection): boolean {
  return (kept.length > 0 && last > sent) || (close !== undefined && !isCloseSent);
}
