// The frames, closes and answers of the rooms, and the changed and ended sessions, since the authority's last message.
import type { Answer, ClientClose, DownFrame, ProcessId, Progress, SessionEntry, UpFrame } from "./ports.ts";

/** The contents of the next message, without the changes of the rooms. */
export interface Outgoing {
  readonly sessions: readonly SessionEntry[];
  readonly ended: readonly string[];
  readonly progress: readonly Progress[];
  readonly frames: readonly DownFrame[];
  readonly closes: readonly ClientClose[];
  readonly answers: readonly Answer[];
}

/** An outgoing message without contents. */
export const NOTHING: Outgoing = { sessions: [], ended: [], progress: [], frames: [], closes: [], answers: [] };

/** An entry of the authority's session table. */
interface Entry {
  readonly session: string;
  process: ProcessId | undefined;
  readonly connection: string;
  readonly handle: number;
  received: number;
}

/** The close code of a connection that has missed a frame. */
const MISSED_FRAME_CODE = 4010;

/** The authority's session table, and the contents of the next message. */
export class Outbox {
  readonly #frameLimit: number;
  readonly #entries = new Map<string, Entry>();
  /** The same entries by the handles of their connections. */
  readonly #byHandle = new Map<number, Entry>();
  #lastHandle = 0;
  readonly #changed = new Set<Entry>();
  /** The entries of which only the number of received frames has changed. */
  readonly #progressed = new Set<Entry>();
  readonly #ended = new Set<string>();
  #frames: DownFrame[] = [];
  #closes: ClientClose[] = [];
  #answers: Answer[] = [];

  constructor(sessions: readonly SessionEntry[], frameLimit: number) {
    this.#frameLimit = frameLimit;
    for (const entry of sessions) this.#add({ ...entry });
  }

  /** Called when a session gets a new connection. */
  connect(session: string, process: ProcessId, connection: string): void {
    this.#remove(session);
    const entry = { session, process, connection, handle: this.#lastHandle + 1, received: 0 };
    this.#add(entry);
    this.#changed.add(entry);
    this.#ended.delete(session);
  }

  /** Adds a frame for the connection of a session. At the limit, the frame is dropped and the connection closed. */
  send(session: string, frame: Uint8Array): void {
    const entry = this.#connected(session);
    if (!entry) return;
    if (this.#frames.length >= this.#frameLimit) this.close(session, MISSED_FRAME_CODE);
    else this.#frames.push({ session, connection: entry.connection, frame });
  }

  /** Closes the connection of a session. */
  close(session: string, code: number, reason?: string): void {
    const entry = this.#connected(session);
    if (entry) this.#closes.push({ session, connection: entry.connection, code, ...(reason && { reason }) });
  }

  /** Adds an answer. */
  answer(answer: Answer): void {
    this.#answers.push(answer);
  }

  /** Called when a session has ended. */
  end(session: string): void {
    if (this.#remove(session)) this.#ended.add(session);
  }

  /**
   * Counts a frame as processed.
   * @returns the session of the frame's connection; undefined if the frame was counted before, or if the connection
   * does not belong to any session now.
   */
  receive(process: ProcessId, { handle, number }: UpFrame): string | undefined {
    const entry = this.#byHandle.get(handle);
    if (entry?.process !== process || number <= entry.received) return undefined;
    entry.received = number;
    this.#progressed.add(entry);
    return entry.session;
  }

  /** Called when a connection is gone. @returns false if it was not, or no longer, the session's. */
  disconnect(process: ProcessId, session: string, connection: string): boolean {
    const entry = this.#entries.get(session);
    if (entry?.process !== process || entry.connection !== connection) return false;
    entry.process = undefined;
    this.#changed.add(entry);
    return true;
  }

  /** Returns the sessions that have their connection in a process. */
  of(process: ProcessId): SessionEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.process === process);
  }

  /** Takes everything for the next message. */
  take(): Outgoing {
    for (const entry of this.#changed) this.#progressed.delete(entry);
    const taken = {
      sessions: Array.from(this.#changed, (entry) => ({ ...entry })),
      ended: [...this.#ended],
      progress: Array.from(this.#progressed, ({ handle, received }) => ({ handle, received })),
      frames: this.#frames,
      closes: this.#closes,
      answers: this.#answers,
    };
    this.#changed.clear();
    this.#progressed.clear();
    this.#ended.clear();
    this.#frames = [];
    this.#closes = [];
    this.#answers = [];
    return taken;
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.session, entry);
    this.#byHandle.set(entry.handle, entry);
    this.#lastHandle = Math.max(this.#lastHandle, entry.handle);
  }

  /** Removes the entry of a session. @returns false if there is none. */
  #remove(session: string): boolean {
    const entry = this.#entries.get(session);
    if (!entry) return false;
    this.#entries.delete(session);
    this.#byHandle.delete(entry.handle);
    this.#changed.delete(entry);
    this.#progressed.delete(entry);
    return true;
  }

  #connected(session: string): Entry | undefined {
    const entry = this.#entries.get(session);
    return entry?.process === undefined ? undefined : entry;
  }
}
