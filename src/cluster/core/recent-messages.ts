// The parts of the last messages that are about connections and processes. A process that has missed messages gets
// these parts with a snapshot, because a snapshot alone has no frames.
import { isSamePlace } from "./place.ts";
import type { MissedMessage, Place } from "./ports.ts";

/** The last messages, without a gap. */
export class RecentMessages {
  readonly #limit: number;
  #recent: MissedMessage[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds the next message. */
  add(message: MissedMessage): void {
    this.#recent.push(message);
    if (this.#recent.length > this.#limit) this.#recent.shift();
  }

  /** Replaces all messages. */
  replace(messages: readonly MissedMessage[]): void {
    this.#recent = [...messages];
  }

  /** Returns the messages after a place; undefined if some of them are unknown. */
  since(place: Place): MissedMessage[] | undefined {
    return messagesSince(this.#recent, place);
  }
}

/** Returns the messages after a place; undefined if some of them are unknown. */
export function messagesSince(messages: readonly MissedMessage[], place: Place): MissedMessage[] | undefined {
  const index = messages.findIndex(({ from }) => isSamePlace(from, place));
  return index < 0 ? undefined : messages.slice(index);
}
