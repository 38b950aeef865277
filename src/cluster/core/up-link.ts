// The link from a process to the authority. It sends frames, the ends of connections, and requests. It keeps them
// all until the mirrored state shows that the rooms have processed them. So a new authority gets what the previous one
// has lost.
import type { Limits } from "./limits.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { Answer, Content, Place, ProcessId, Progress, ReplicaLink, SessionEntry, UpMessage } from "./ports.ts";
import type { OwnConnection, SessionTable } from "./session-table.ts";
import { UpConnections } from "./up-connections.ts";

/** Sends a message to the authority. */
type Send = (message: UpMessage) => void;

interface UpLinkOptions {
  readonly process: ProcessId;
  readonly table: SessionTable;
  readonly limits: Limits;
  /** Returns the time in milliseconds. It must not go backwards. */
  readonly clock: () => number;
}

/**
 * The link from a process to the authority. In each epoch, the batches of a process are numbered from 1. The authority
 * processes each batch once, in order. Batches that the authority has not confirmed are sent again after a while.
 */
export class UpLink implements ReplicaLink {
  readonly #process: ProcessId;
  readonly #table: SessionTable;
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #connections: UpConnections;
  readonly #requests: PendingRequests;
  /** The batches that the authority has not confirmed, oldest first. */
  #unheard: UpMessage[] = [];
  #lastBatch = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** When the authority last confirmed a batch, or the batches were last sent again. */
  #progressAt = 0;
  #resent = 0;
  /** Whether the process is about to end. */
  isLeaving = false;

  constructor({ process, table, limits, clock }: UpLinkOptions) {
    this.#process = process;
    this.#table = table;
    this.#limits = limits;
    this.#clock = clock;
    this.#connections = new UpConnections(table, limits);
    this.#requests = new PendingRequests(limits.requests);
  }

  deliver(session: string, connection: string, frame: Uint8Array): void {
    this.#connections.deliver(session, connection, frame);
  }

  disconnected(session: string, connection: string, code: number): void {
    this.#connections.disconnected(session, connection, code, this.#clock());
  }

  request(content: Content, timeoutMs: number, answer: (content: Content | undefined) => void): () => void {
    return this.#requests.add(content, this.#clock() + timeoutMs, answer);
  }

  /** Batches that were sent, and that the authority has not confirmed. */
  get unheardBatches(): number {
    return this.#unheard.length;
  }

  /** Frames that the rooms have not processed. */
  get keptFrames(): number {
    return this.#connections.kept;
  }

  /** Frames of connections that were closed because too many of their frames were waiting. */
  get droppedFrames(): number {
    return this.#connections.dropped;
  }

  /** Batches that were sent more than once. */
  get resentBatches(): number {
    return this.#resent;
  }

  /** Called when the table has a new entry of a connection of this process. */
  shown(entry: SessionEntry): void {
    this.#connections.shown(entry);
  }

  /** Called when the rooms have processed frames of a connection, which may be a connection of another process. */
  progress(progress: Progress): void {
    this.#connections.progress(progress);
  }

  /** Called when the table has lost the entry of a connection of this process. */
  hidden(connection: string): void {
    this.#connections.hidden(connection);
  }

  /** Called when the rooms have answered a request of this process. */
  answered(answer: Answer): void {
    this.#requests.answer(answer);
  }

  /** Called when the authority has confirmed all batches up to this one. */
  heard(batch: number): void {
    const unheard = this.#unheard.filter((message) => message.batch > batch);
    if (unheard.length < this.#unheard.length) this.#progressAt = this.#clock();
    this.#unheard = unheard;
  }

  /** Called when a new epoch has begun: its authority gets everything that the mirrored state does not show. */
  restart(): void {
    this.#unheard = [];
    this.#lastBatch = 0;
    this.#connections.restart();
    this.#requests.restart();
    for (const entry of this.#table.ownEntries()) this.#connections.shown(entry);
  }

  /** Takes the connections that must be closed because too many of their frames were waiting. */
  takeFull(): OwnConnection[] {
    return this.#connections.takeFull();
  }

  /** Fails requests that have timed out. */
  expire(): void {
    this.#requests.expire(this.#clock());
  }

  /** Sends what is new. Resends the batches that the authority has not confirmed in time. */
  flush(at: Place, send: Send): void {
    const now = this.#clock();
    if (this.#unheard.length > 0 && now - this.#progressAt >= this.#limits.resendMs) {
      this.#progressAt = now;
      this.#resent += this.#unheard.length;
      for (const message of this.#unheard) this.#send({ ...message, at, isLeaving: this.isLeaving }, send);
    }
    while (this.#unheard.length < this.#limits.unheardBatches) {
      const { frames, closes } = this.#connections.take(this.#limits.framesPerBatch);
      const requests = this.#requests.take();
      if (frames.length + closes.length + requests.length === 0) break;
      if (this.#unheard.length === 0) this.#progressAt = now;
      const message = { ...this.#sign(at), batch: ++this.#lastBatch, frames, closes, requests };
      this.#unheard.push(message);
      this.#send(message, send);
    }
  }

  /** Sends a sign of life if nothing was sent for a while. */
  signIfDue(at: Place, send: Send): void {
    if (this.#clock() - this.#sentAt >= this.#limits.signMs) this.sign(at, send);
  }

  /** Sends a sign of life at once. */
  sign(at: Place, send: Send): void {
    this.#send(this.#sign(at), send);
  }

  #sign(at: Place): UpMessage {
    const { isLeaving } = this;
    return { type: "up", process: this.#process, batch: 0, at, frames: [], closes: [], requests: [], isLeaving };
  }

  #send(message: UpMessage, send: Send): void {
    this.#sentAt = this.#clock();
    send(message);
  }
}
