// For the connections of a process: the frames that the rooms have not processed yet, and the ends of the connections.
import type { Limits } from "./limits.ts";
import type { ClientClose, ClientFrame, SessionEntry } from "./ports.ts";
import type { OwnConnection, SessionTable } from "./session-table.ts";

interface Connection {
  readonly session: string;
  readonly connection: string;
  /** The number of the last frame. */
  last: number;
  /** The number of the last frame that was sent to the present authority. */
  sent: number;
  /** The frames that the rooms have not processed, oldest first. */
  readonly kept: ClientFrame[];
  /** Whether the connection is in the session table. Otherwise its frames wait. */
  isShown: boolean;
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
    connection.kept.push({ session, connection: id, number: ++connection.last, frame });
    this.#kept++;
    if (connection.kept.length > this.#limits.framesPerConnection) this.#fill(connection);
    else if (connection.isShown) this.#ready.add(connection);
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
    if (connection.isShown) this.#ready.add(connection);
    this.#forgetClosed(now);
  }

  /**
   * Called when the table has this entry of a connection: the frames of the connection may be sent. Drops the frames
   * that the rooms have processed.
   */
  shown({ connection: id, received }: SessionEntry): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    connection.isShown = true;
    const { kept } = connection;
    let taken = 0;
    while (taken < kept.length && kept[taken]!.number <= received) taken++;
    this.#kept -= taken;
    // Usually the rooms have processed all frames, and emptying an array is much faster than `splice`.
    if (taken === kept.length) kept.length = 0;
    else if (taken > 0) kept.splice(0, taken);
    if (hasNews(connection)) this.#ready.add(connection);
  }

  /**
   * Called when the table does not have the connection any more. The end of the connection is sent again if an older
   * state shows the connection again.
   */
  hidden(id: string): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    connection.isShown = false;
    connection.isCloseSent = false;
    this.#ready.delete(connection);
  }

  /** Called when there is a new authority: everything must be sent again. Call `shown` for each entry afterwards. */
  restart(): void {
    this.#ready.clear();
    for (const connection of this.#connections.values()) {
      connection.isShown = false;
      connection.sent = 0;
      connection.isCloseSent = false;
    }
  }

  /** Whether there is something to send. */
  get hasNews(): boolean {
    return this.#ready.size > 0;
  }

  /** Takes up to `limit` frames to send, and the ends of connections that have no further frames. */
  take(limit: number): { frames: ClientFrame[]; closes: ClientClose[] } {
    const frames: ClientFrame[] = [];
    const closes: ClientClose[] = [];
    for (const connection of this.#ready) {
      for (const frame of connection.kept) {
        if (frames.length >= limit) return { frames, closes };
        if (frame.number <= connection.sent) continue;
        frames.push(frame);
        connection.sent = frame.number;
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
      const isShown = this.#table.entryOf(id) !== undefined;
      const state = {
        last: 0,
        sent: 0,
        kept: [],
        isFull: false,
        isShown,
        close: undefined,
        isCloseSent: false,
        closedAt: 0,
      };
      connection = { session, connection: id, ...state };
      this.#connections.set(id, connection);
    }
    return connection;
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
      this.#ready.delete(connection);
      this.#kept -= connection.kept.length;
    }
  }
}

function hasNews({ last, sent, kept, close, isCloseSent }: Connection): boolean {
  return (kept.length > 0 && last > sent) || (close !== undefined && !isCloseSent);
}
