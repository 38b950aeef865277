// The network between the processes and Redis, with Redis's channels. It may lose, delay and duplicate messages.

import type { Random } from "../../../../sim/random.ts";
import type { Bus, DownMessage, Lease, LeaseState, Message, ProcessId } from "../../../../src/cluster/core/ports.ts";
import type { Events } from "./events.ts";
import type { Redis } from "./redis.ts";

/** The time for which a process waits for an answer from Redis. */
const ANSWER_TIMEOUT_MS = 250;

/** The connection of a process to Redis, with its current faults. */
export interface Connection {
  readonly process: ProcessId;
  /** Runs an action in the process at once, or as soon as the process resumes from a stop. */
  readonly run: (action: () => void) => void;
  readonly receive: (message: Message) => void;
  /** Whether the connection passes neither requests nor messages. */
  isCut: boolean;
  /** Whether the process receives no messages of channels. */
  isDeaf: boolean;
  /** The additional delay of requests in milliseconds. Delayed requests stay in order. */
  requestDelayMs: number;
  /** The time at which the last request arrives at Redis. */
  lastArrival: number;
}

/**
 * The network. `delayMs` applies to requests, to Redis's answers and to the messages of channels. `lossPerThousand`
 * applies only to the answers and the messages, and `duplicatesPerThousand` only to the messages.
 */
export class Network {
  readonly #random: Random;
  readonly #events: Events;
  readonly #redis: Redis;
  readonly #connections = new Map<ProcessId, Connection>();
  lossPerThousand = 0;
  duplicatesPerThousand = 0;
  delayMs = 2;

  constructor(random: Random, events: Events, redis: Redis) {
    this.#random = random;
    this.#events = events;
    this.#redis = redis;
  }

  connect(process: ProcessId, run: Connection["run"], receive: Connection["receive"]): Connection {
    const state = { isCut: false, isDeaf: false, requestDelayMs: 0, lastArrival: 0 };
    const connection = { process, run, receive, ...state };
    this.#connections.set(process, connection);
    return connection;
  }

  disconnect(process: ProcessId): void {
    this.#connections.delete(process);
  }

  bus(connection: Connection): Bus {
    return {
      send: (message, to) => {
        const pass = () => this.#pass(message, connection.process, to);
        this.#request(connection, pass, () => {});
      },
      publish: (message, taken) => {
        this.#request(
          connection,
          () => this.#publish(message),
          (isTaken) => {
            if (isTaken) taken();
          },
        );
      },
    };
  }

  lease(connection: Connection): Lease {
    const { process } = connection;
    const ask = (action: () => LeaseState, done: (state: LeaseState | undefined) => void) =>
      this.#request(connection, action, done);
    return {
      take: (knownEpoch, done) => ask(() => this.#redis.take(process, knownEpoch), done),
      give: (to, done) => ask(() => this.#redis.give(process, to), done),
      release: (done) => this.#request(connection, () => this.#redis.release(process), done),
    };
  }

  #publish(message: DownMessage): boolean {
    if (!this.#redis.publish(message.place)) return false;
    this.#pass(message, message.process, undefined);
    return true;
  }

  /** Sends a request to Redis. The requests of a connection arrive in order. An answer may get lost. */
  #request<Result>(connection: Connection, action: () => Result, done: (result: Result | undefined) => void): void {
    const { now } = this.#events;
    connection.lastArrival = Math.max(connection.lastArrival, now + this.#delay() + connection.requestDelayMs);
    const fail = () => this.#events.after(ANSWER_TIMEOUT_MS, () => connection.run(() => done(undefined)));
    this.#events.after(connection.lastArrival - now, () => {
      if (this.#isUnreachable(connection)) {
        fail();
        return;
      }
      const result = action();
      if (this.#isUnlucky(this.lossPerThousand)) fail();
      else this.#events.after(this.#delay(), () => connection.run(() => done(result)));
    });
  }

  /** Passes a message on to the readers of its channel. */
  #pass(message: Message, from: ProcessId, to: ProcessId | undefined): void {
    for (const reader of this.#connections.values()) {
      if (reader.process === from || (to !== undefined && reader.process !== to)) continue;
      const copies = this.#isUnlucky(this.duplicatesPerThousand) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        if (this.#isUnlucky(this.lossPerThousand)) continue;
        this.#events.after(this.#delay(), () => {
          if (!this.#isUnreachable(reader) && !reader.isDeaf) reader.run(() => reader.receive(message));
        });
      }
    }
  }

  #isUnreachable(connection: Connection): boolean {
    return this.#redis.isAway || connection.isCut || this.#connections.get(connection.process) !== connection;
  }

  #isUnlucky(perThousand: number): boolean {
    return perThousand > 0 && this.#random(1000) < perThousand;
  }

  #delay(): number {
    return 0.5 + this.#random(this.delayMs * 10) / 10;
  }
}
