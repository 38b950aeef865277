// The frames, closes and answers of the rooms, and the changed and ended sessions, since the authority's last message.
import type { Answer, ClientClose, ClientFrame, ProcessId, SessionEntry } from "./ports.ts";

/** The contents of the next message, without the changes of the rooms. */
export interface Outgoing {
  readonly sessions: readonly SessionEntry[];
  readonly ended: readonly string[];
  readonly frames: readonly ClientFrame[];
  readonly closes: readonly ClientClose[];
  readonly answers: readonly Answer[];
}

/** An outgoing message without contents. */
export const NOTHING: Outgoing = { sessions: [], ended: [], frames: [], closes: [], answers: [] };

/** An entry of the authority's session table. */
interface Entry {
  readonly session: string;
  process: ProcessId | undefined;
  readonly connection: string;
  received: number;
}

/** The close code of a connection that has missed a frame. */
const MISSED_FRAME_CODE = 4010;

/** The authority's session table, and the contents of the next message. */
export class Outbox {
  readonly #frameLimit: number;
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Set<string>();
  readonly #ended = new Set<string>();
  #frames: ClientFrame[] = [];
  #closes: ClientClose[] = [];
  #answers: Answer[] = [];

  constructor(sessions: readonly SessionEntry[], frameLimit: number) {
    this.#frameLimit = frameLimit;
    for (const entry of sessions) this.#entries.set(entry.session, { ...entry });
  }

  /** Called when a session gets a new connection. */
  connect(session: string, process: ProcessId, connection: string): void {
    this.#entries.set(session, { session, process, connection, received: 0 });
    this.#changed.add(session);
    this.#ended.delete(session);
  }

  /** Adds a frame for the connection of a session. At the limit, the frame is dropped and the connection closed. */
  send(session: string, frame: Uint8Array): void {
    const entry = this.#connected(session);
    if (!entry) return;
    if (this.#frames.length >= this.#frameLimit) this.close(session, MISSED_FRAME_CODE);
    else this.#frames.push({ session, connection: entry.connection, number: 0, frame });
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
    if (!this.#entries.delete(session)) return;
    this.#changed.delete(session);
    this.#ended.add(session);
  }

  /** Counts a frame as processed. @returns false if it was counted before or is not from the session's connection. */
  receive(process: ProcessId, { session, connection, number }: ClientFrame): boolean {
    const entry = this.#entries.get(session);
    if (entry?.process !== process || entry.connection !== connection || number <= entry.received) return false;
    entry.received = number;
    this.#changed.add(session);
    return true;
  }

  /** Called when a connection is gone. @returns false if the session has another connection. */
  disconnect(process: ProcessId, session: string, connection: string): boolean {
    const entry = this.#entries.get(session);
    if (entry?.process !== process || entry.connection !== connection) return false;
    entry.process = undefined;
    this.#changed.add(session);
    return true;
  }

  /** Returns the sessions that have their connection in a process. */
  of(process: ProcessId): SessionEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.process === process);
  }

  /** Takes everything for the next message. */
  take(): Outgoing {
    const sessions = [...this.#changed].map((session) => ({ ...this.#entries.get(session)! }));
    const taken = {
      sessions,
      ended: [...this.#ended],
      frames: this.#frames,
      closes: this.#closes,
      answers: this.#answers,
    };
    this.#changed.clear();
    this.#ended.clear();
    this.#frames = [];
    this.#closes = [];
    this.#answers = [];
    return taken;
  }

  #connected(session: string): Entry | undefined {
    const entry = this.#entries.get(session);
    return entry?.process === undefined ? undefined : entry;
  }
}
