// A simulated client: it walks, loses its connection, and uses its token to reconnect to any process.

import type { Random } from "../../../../sim/random.ts";
import type { Content } from "../../../../src/cluster/core/ports.ts";
import type { Events } from "./events.ts";
import { frameOf, numberOfFrame } from "./frames.ts";
import type { Oracle } from "./oracle.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Socket } from "./sim-replica.ts";
import { numberOf, type PlayerState } from "./state.ts";

const CONSENTED_CODE = 4000;
const ABNORMAL_CLOSE_CODE = 1006;
/** The time for which a client waits for an answer. */
const ANSWER_TIMEOUT_MS = 3500;
const MAX_STEP = 8;
const MAX_REFUSALS = 10;

interface SimClientOptions {
  readonly player: number;
  readonly random: Random;
  readonly events: Events;
  readonly oracle: Oracle;
  /** Returns a process to connect to; undefined if there is none. */
  readonly pick: () => SimProcess | undefined;
  readonly makeId: (kind: string) => string;
  readonly opened: (connection: number) => void;
}

/** A client's attempt to connect, and the resulting connection. */
interface Attempt {
  readonly socket: Socket;
  readonly process: SimProcess;
  readonly openedAt: number;
  isOpen: boolean;
  /** The number of the last received frame. */
  frames: number;
}

/** One client, with one player. */
export class SimClient {
  readonly #options: SimClientOptions;
  #session = "";
  #token = 0;
  #sessionSince = 0;
  #hasSession = false;
  #attempts: Attempt[] = [];
  #attached: Attempt | undefined;
  #number = 0;
  #seen: { applied: number; tick: number; x: number; y: number; at: number } | undefined;
  /** How many times the token has been refused since the last connection. */
  #refusals = 0;

  constructor(options: SimClientOptions) {
    this.#options = options;
  }

  /** Whether the client is in the world. */
  get isIn(): boolean {
    return this.#attached !== undefined;
  }

  /** The number of the last input that the client knows to have been applied. */
  get applied(): number {
    return this.#seen?.applied ?? 0;
  }

  /** The number of the client's open connections. */
  get openConnections(): number {
    return this.#attempts.length;
  }

  /** The id of the client's connection; undefined if it has none. */
  get connection(): string | undefined {
    return this.#attached?.socket.connection;
  }

  /** The process that the client is connected to. */
  get process(): SimProcess | undefined {
    return this.#attached?.process;
  }

  get session(): string {
    return this.#session;
  }

  /** Opens `count` connections at once, each to a random process. */
  connect(count = 1): void {
    if (this.#attached || this.#attempts.length > 0) return;
    for (let each = 0; each < count; each++) this.#open();
    if (this.#attempts.length === 0) this.#connectLater(300);
  }

  /** Sends an input. */
  walk(): void {
    const attached = this.#attached;
    if (!attached) return;
    const frame = frameOf(++this.#number, 1 + this.#options.random(4));
    attached.process.run(() => attached.process.replica.frame(attached.socket, frame));
  }

  /** Loses its connection. */
  drop(): void {
    const attached = this.#attached;
    if (!attached) return;
    this.#close(attached, ABNORMAL_CLOSE_CODE);
    this.#connectLater(this.#options.random(500));
  }

  /** Loses its connection, and tries to reconnect with two connections at once. */
  dropAndClaimTwice(): void {
    const attached = this.#attached;
    if (!attached) return;
    this.#close(attached, ABNORMAL_CLOSE_CODE);
    this.connect(2);
  }

  /** Leaves and gives up its session. Joins later with a new session. */
  leave(): void {
    const attached = this.#attached;
    if (!attached) return;
    this.#close(attached, CONSENTED_CODE);
    this.#hasSession = false;
    this.#connectLater(this.#options.random(1000));
  }

  /** Called when a process has ended. Closes the client's connections to this process. */
  processEnded(process: SimProcess): void {
    for (const attempt of this.#attempts.filter((one) => one.process === process)) this.#closed(attempt);
  }

  #open(): void {
    const { pick, events, makeId, opened, player, random } = this.#options;
    const process = pick();
    if (!process) return;
    const connection = makeId("c");
    opened(numberOf(connection));
    if (!this.#hasSession) {
      this.#session = makeId("s");
      this.#seen = undefined;
    }
    const session = this.#session;
    const type = this.#hasSession ? "connect" : "join";
    const content = { type, session, player, token: this.#token, connection, number: random(10) };
    const attempt: Attempt = {
      socket: {
        connection,
        session,
        answered: (answer) => this.#answered(attempt, answer),
        see: (seen, tick) => this.#see(attempt, seen, tick),
        frame: (frame) => this.#frame(attempt, frame),
        closed: () => this.#closed(attempt),
      },
      process,
      openedAt: events.now,
      isOpen: true,
      frames: 0,
    };
    this.#attempts.push(attempt);
    process.run(() => process.replica.open(attempt.socket, content));
    events.after(ANSWER_TIMEOUT_MS, () => {
      if (!attempt.isOpen || this.#attached === attempt) return;
      this.#close(attempt, ABNORMAL_CLOSE_CODE);
      this.connect();
    });
  }

  #answered(attempt: Attempt, answer: Content | undefined): void {
    if (!attempt.isOpen) return;
    if (answer?.type !== "ok") {
      this.#remove(attempt);
      if (answer?.type === "unknown") {
        this.#options.oracle.refuses(attempt.socket.session, this.#sessionSince);
        if (attempt.socket.session === this.#session) this.#hasSession = false;
      }
      if (answer?.type === "busy") this.#refused();
      this.#connectLater(300);
      return;
    }
    if (!this.#hasSession) this.#sessionSince = this.#options.events.now;
    this.#hasSession = true;
    this.#token = answer.token as number;
    this.#attached = attempt;
    this.#refusals = 0;
  }

  /**
   * Called when the rooms have refused the token. After many refusals the client gives up its session, but only if a
   * rollback since the session's start may have lost the token.
   */
  #refused(): void {
    const isLost = ++this.#refusals > MAX_REFUSALS && !this.#attached;
    if (isLost && this.#options.oracle.hasRolledBackSince(this.#sessionSince)) this.#hasSession = false;
  }

  #see(attempt: Attempt, player: PlayerState | undefined, tick: number): void {
    const { oracle, events } = this.#options;
    if (!attempt.isOpen || attempt !== this.#attached) return;
    const { session } = attempt.socket;
    if (!player) {
      if (!oracle.hasEnded(session) && !oracle.hasRolledBackSince(this.#sessionSince))
        oracle.fail(`${session} has no body`);
      return;
    }
    const { applied, x, y } = player;
    const seen = this.#seen;
    if (seen && !oracle.hasRolledBackSince(seen.at)) {
      if (applied < seen.applied)
        oracle.fail(`${session} was at input ${seen.applied}, and is at ${applied} in ${attempt.process.id}`);
      const distance = Math.abs(x - seen.x) + Math.abs(y - seen.y);
      if (tick < seen.tick || distance > MAX_STEP * (tick - seen.tick))
        oracle.fail(`${session} moved ${distance} units in ${tick - seen.tick} ticks`);
    }
    this.#seen = { applied, tick, x, y, at: events.now };
  }

  #frame(attempt: Attempt, frame: Uint8Array): void {
    const { oracle } = this.#options;
    const number = numberOfFrame(frame);
    if (number !== attempt.frames + 1 && !oracle.hasRolledBackSince(attempt.openedAt))
      oracle.fail(`${attempt.socket.session} got frame ${number} after ${attempt.frames}`);
    attempt.frames = number;
  }

  #closed(attempt: Attempt): void {
    if (!attempt.isOpen) return;
    this.#remove(attempt);
    this.#connectLater(this.#options.random(300));
  }

  #close(attempt: Attempt, code: number): void {
    this.#remove(attempt);
    attempt.process.run(() => attempt.process.replica.closed(attempt.socket, code));
  }

  #remove(attempt: Attempt): void {
    attempt.isOpen = false;
    this.#attempts = this.#attempts.filter((other) => other !== attempt);
    if (this.#attached === attempt) this.#attached = undefined;
  }

  #connectLater(delayMs: number): void {
    this.#options.events.after(delayMs, () => this.connect());
  }
}
