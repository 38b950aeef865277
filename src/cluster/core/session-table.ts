// The sessions of the cluster as a process has mirrored them, and which of them have their connection in this process.
import type { ProcessId, Progress, SessionEntry } from "./ports.ts";

/** A connection of this process. */
export interface OwnConnection {
  readonly session: string;
  readonly connection: string;
}

/** An entry of the table. */
interface Entry extends SessionEntry {
  received: number;
}

/** The changes that an update has made. */
export interface TableChanges {
  /** The connections of this process that have lost their session. */
  readonly displaced: readonly OwnConnection[];
  /** The sessions whose connection or process has changed. */
  readonly moved: readonly SessionEntry[];
}

/** The mirrored session table. It tells which connections of this process have lost their session. */
export class SessionTable {
  readonly #process: ProcessId;
  readonly #entries = new Map<string, Entry>();
  /** The same entries by the handles of their connections. */
  readonly #byHandle = new Map<number, Entry>();
  /** The key is a connection of this process. The value is the session of the connection. */
  readonly #own = new Map<string, string>();

  constructor(process: ProcessId) {
    this.#process = process;
  }

  /** The number of connections of this process that belong to a session. */
  get ownConnections(): number {
    return this.#own.size;
  }

  /** Returns copies of all entries. */
  entries(): SessionEntry[] {
    return Array.from(this.#entries.values(), (entry) => ({ ...entry }));
  }

  /** Returns the entry that a connection of this process belongs to; undefined if there is no such entry. */
  entryOf(connection: string): SessionEntry | undefined {
    const session = this.#own.get(connection);
    return session === undefined ? undefined : this.#entries.get(session);
  }

  /** Returns the entries whose connections are in this process. */
  *ownEntries(): Iterable<SessionEntry> {
    for (const session of this.#own.values()) yield this.#entries.get(session)!;
  }

  /** Applies new, changed and ended sessions. */
  update(sessions: Iterable<SessionEntry>, ended: Iterable<string>): TableChanges {
    const displaced: OwnConnection[] = [];
    const moved: SessionEntry[] = [];
    for (const session of ended) this.#remove(session, displaced);
    for (const entry of sessions) {
      const before = this.#entries.get(entry.session);
      if (before?.process !== entry.process || before?.connection !== entry.connection) {
        if (before) this.#remove(entry.session, displaced);
        moved.push(entry);
        if (entry.process === this.#process) this.#own.set(entry.connection, entry.session);
      }
      this.#set({ ...entry });
    }
    return { displaced, moved };
  }

  /** Notes which frames of a connection the rooms have processed. */
  progress({ handle, received }: Progress): void {
    const entry = this.#byHandle.get(handle);
    if (entry) entry.received = received;
  }

  /** Replaces all entries. */
  replace(sessions: readonly SessionEntry[]): TableChanges {
    const present = new Set(sessions.map(({ session }) => session));
    return this.update(
      sessions,
      [...this.#entries.keys()].filter((session) => !present.has(session)),
    );
  }

  #set(entry: Entry): void {
    const before = this.#entries.get(entry.session);
    if (before) this.#releaseHandle(before);
    this.#entries.set(entry.session, entry);
    this.#byHandle.set(entry.handle, entry);
  }

  /**
   * Frees the handle of an entry, unless another session already has it. After a failover, a newer state may have given
   * the handle to another session.
   */
  #releaseHandle(entry: Entry): void {
    if (this.#byHandle.get(entry.handle) === entry) this.#byHandle.delete(entry.handle);
  }

  #remove(session: string, displaced: OwnConnection[]): void {
    const entry = this.#entries.get(session);
    if (!entry) return;
    this.#entries.delete(session);
    this.#releaseHandle(entry);
    if (entry.process !== this.#process) return;
    this.#own.delete(entry.connection);
    displaced.push({ session, connection: entry.connection });
  }
}
