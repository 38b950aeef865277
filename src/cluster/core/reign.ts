// One epoch of this process as the authority: gives the rooms what the processes send, and publishes what the rooms do.
import type { Limits } from "./limits.ts";
import { NOTHING, Outbox, type Outgoing } from "./outbox.ts";
import type {
  Bus,
  CreateHost,
  DownMessage,
  Host,
  HostLink,
  Place,
  ProcessId,
  SessionEntry,
  UpMessage,
} from "./ports.ts";
import { Processes } from "./processes.ts";
import { Publisher } from "./publisher.ts";

interface ReignOptions {
  readonly process: ProcessId;
  readonly epoch: number;
  /** The place from which the epoch goes on. */
  readonly from: Place;
  /** The rooms at that place; undefined for the first authority of a cluster. */
  readonly rooms: Uint8Array | undefined;
  readonly sessions: readonly SessionEntry[];
  /** The processes that may be alive, and when each was last heard from. */
  readonly heard: ReadonlyMap<ProcessId, number>;
  readonly createHost: CreateHost;
  readonly bus: Bus;
  readonly clock: () => number;
  readonly limits: Limits;
  /** Returns whether the lease is certainly valid at this moment. */
  readonly isLeased: () => boolean;
  /** Called for each message, in order, once the bus has taken it. This process may apply it, even after the epoch. */
  readonly onTaken: (message: DownMessage) => void;
}

/** The close code that the rooms get for the connections of a lost process. */
const ABNORMAL_CLOSE_CODE = 1006;

/** One epoch of an authority. Ignores the rooms after the end of the epoch. */
export class Reign implements HostLink {
  readonly epoch: number;
  readonly #process: ProcessId;
  readonly #clock: () => number;
  readonly #limits: Limits;
  readonly #isLeased: () => boolean;
  readonly #processes: Processes;
  readonly #outbox: Outbox;
  readonly #publisher: Publisher;
  readonly #host: Host;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #isPaused = false;
  #isOver = false;

  constructor(options: ReignOptions) {
    const { process, epoch, rooms, sessions, heard, createHost, clock, limits, isLeased } = options;
    this.epoch = epoch;
    this.#process = process;
    this.#clock = clock;
    this.#limits = limits;
    this.#isLeased = isLeased;
    this.#processes = new Processes(process, heard, limits);
    this.#outbox = new Outbox(sessions, limits.outgoingFrames);
    this.#publisher = new Publisher(options);
    this.#host = createHost(this, rooms && { rooms, sessions });
    this.#publish(NOTHING);
  }

  get isAuthority(): boolean {
    return !this.#isOver && !this.#isPaused && this.#isLeased();
  }

  publish(changes: Uint8Array): void {
    if (!this.#isOver && !this.#isPaused) this.#publish({ ...this.#outbox.take(), changes });
  }

  connected(session: string, process: ProcessId, connection: string): void {
    this.#outbox.connect(session, process, connection);
    this.#processes.expect(process);
  }

  send(session: string, frame: Uint8Array): void {
    this.#outbox.send(session, frame);
  }

  close(session: string, code: number, reason?: string): void {
    this.#outbox.close(session, code, reason);
  }

  ended(session: string): void {
    this.#outbox.end(session);
  }

  /** The place of the last message, which the bus may not have received yet. */
  get place(): Place {
    return this.#publisher.place;
  }

  /** Handles a message from a process of the cluster, which may be this process. */
  take(message: UpMessage): void {
    for (const batch of this.#processes.take(message, this.epoch, this.#clock())) this.#deliver(batch);
  }

  /** Finds lost processes, and shows that the authority is alive. @returns false if the authority cannot go on. */
  advance(): boolean {
    const now = this.#clock();
    this.#publisher.advance();
    if (this.isAuthority) {
      for (const process of this.#processes.lose(now))
        for (const { session, connection } of this.#outbox.of(process))
          this.#disconnect(process, session, connection, ABNORMAL_CLOSE_CODE);
      if (now - this.#publishedAt >= this.#limits.heartbeatMs) this.#publish(NOTHING);
    }
    return !this.#publisher.isFull;
  }

  /** Returns a process that is fit to be the next authority, `preferred` if it is; undefined if there is none. */
  successor(except: ReadonlySet<ProcessId>, preferred?: ProcessId): ProcessId | undefined {
    return this.#processes.successor(except, preferred);
  }

  /** Pauses the rooms, and publishes a last message, which names the successor. @returns the last message. */
  pause(successor: ProcessId): DownMessage {
    this.#isPaused = true;
    return this.#publish({ ...NOTHING, successor });
  }

  /** Publishes the last message once more. */
  repeat(message: DownMessage): void {
    this.#publisher.repeat(message);
  }

  /** Lets the rooms go on: there is no successor. */
  resume(): void {
    this.#isPaused = false;
  }

  /** Ends the rooms. */
  end(): void {
    this.#isOver = true;
    this.#host.end();
  }

  /** Processes closes last, because the frames of a connection come before its end. */
  #deliver({ process, requests, frames, closes }: UpMessage): void {
    for (const { request, content } of requests)
      this.#host.request(process, content, (answer) => this.#outbox.answer({ process, request, content: answer }));
    for (const frame of frames) {
      const session = this.#outbox.receive(process, frame);
      if (session !== undefined) this.#host.deliver(session, frame.frame);
    }
    for (const { session, connection, code } of closes) this.#disconnect(process, session, connection, code);
  }

  #disconnect(process: ProcessId, session: string, connection: string, code: number): void {
    if (this.#outbox.disconnect(process, session, connection)) this.#host.disconnect(session, code);
  }

  #publish(contents: Outgoing & { changes?: Uint8Array; successor?: ProcessId }): DownMessage {
    this.#publishedAt = this.#clock();
    const { alive, heard } = this.#processes;
    return this.#publisher.publish({ process: this.#process, alive, heard, ...contents });
  }
}
