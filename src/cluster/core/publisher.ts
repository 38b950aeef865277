// Numbers the authority's messages and publishes them. This process applies a message only after the bus has taken it.
import type { Limits } from "./limits.ts";
import type { Bus, DownMessage, Place } from "./ports.ts";

interface Waiting {
  readonly message: DownMessage;
  /** The number of the last attempt to send the message; 0 before the first attempt. */
  attempt: number;
  isTaken: boolean;
}

/** The contents of a message, without its type and its places. */
export type Contents = Omit<DownMessage, "type" | "place" | "from">;

interface PublisherOptions {
  readonly epoch: number;
  /** The place from which the epoch goes on. */
  readonly from: Place;
  readonly bus: Bus;
  readonly limits: Limits;
  /** Returns whether the lease is certainly valid at this moment. Nothing is sent without a valid lease. */
  readonly isLeased: () => boolean;
  /** Called for each message, in order, once the bus has taken the message and the lease is valid. */
  readonly onTaken: (message: DownMessage) => void;
}

/** The messages of one epoch. */
export class Publisher {
  readonly #epoch: number;
  readonly #bus: Bus;
  readonly #limits: Limits;
  readonly #isLeased: () => boolean;
  readonly #onTaken: (message: DownMessage) => void;
  #waiting: Waiting[] = [];
  #attempts = 0;
  #place: Place;

  constructor({ epoch, from, bus, limits, isLeased, onTaken }: PublisherOptions) {
    this.#epoch = epoch;
    this.#place = from;
    this.#bus = bus;
    this.#limits = limits;
    this.#isLeased = isLeased;
    this.#onTaken = onTaken;
  }

  /** The place of the last message. */
  get place(): Place {
    return this.#place;
  }

  /** Whether too many messages wait for a confirmation: the authority cannot go on. */
  get isFull(): boolean {
    return this.#waiting.length > this.#limits.unconfirmedMessages;
  }

  /** Publishes the next message. The message waits while the lease is not valid. @returns the message. */
  publish(contents: Contents): DownMessage {
    const from = this.#place;
    this.#place = { epoch: this.#epoch, number: from.epoch === this.#epoch ? from.number + 1 : 1 };
    const message: DownMessage = { type: "down", place: this.#place, from, ...contents };
    this.#waiting.push({ message, attempt: 0, isTaken: false });
    this.advance();
    return message;
  }

  /** Calls `onTaken` for messages that the bus has taken, and sends unsent ones. Does nothing without a valid lease. */
  advance(): void {
    if (!this.#isLeased()) return;
    this.#handOn();
    for (const waiting of this.#waiting.filter(({ attempt }) => attempt === 0)) this.#send(waiting);
  }

  /** Publishes a message once more, after all earlier messages. Processes that have the message ignore it. */
  repeat(message: DownMessage): void {
    if (!this.#isLeased()) return;
    const waiting = this.#waiting.find((one) => one.message === message);
    const isSent = waiting?.attempt !== 0;
    this.advance();
    if (!waiting) this.#bus.publish(message, () => {});
    else if (isSent) this.#send(waiting);
  }

  #send(waiting: Waiting): void {
    const attempt = ++this.#attempts;
    waiting.attempt = attempt;
    this.#bus.publish(waiting.message, () => this.#taken(waiting, attempt));
  }

  /**
   * Called when the bus has taken a message. The bus takes messages in order, so it has lost all earlier messages that
   * it has not confirmed. This method sends the lost messages again. This process does not apply any later message
   * until the bus has taken the lost messages.
   */
  #taken(taken: Waiting, attempt: number): void {
    taken.isTaken = true;
    // If this process has paused, another process may be the authority now, with a state that lacks this message.
    if (!this.#isLeased()) return;
    this.#handOn();
    for (const waiting of this.#waiting)
      if (!waiting.isTaken && waiting.attempt > 0 && waiting.attempt < attempt) this.#send(waiting);
  }

  #handOn(): void {
    while (this.#waiting[0]?.isTaken) this.#onTaken(this.#waiting.shift()!.message);
  }
}
