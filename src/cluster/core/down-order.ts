// Puts the down messages in order: each is applied once, right after the message before it. Later ones wait.
import { comparePlaces, isSamePlace, placeName, START } from "./place.ts";
import type { DownMessage, Place } from "./ports.ts";

/** The order of the down messages at one process. */
export class DownOrder {
  readonly #limit: number;
  /** Later messages. The key is the name of the place right before the message. */
  readonly #later = new Map<string, DownMessage>();
  #place = START;
  #newest = START;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The place of the last message that `next` has returned, or of the last snapshot. */
  get place(): Place {
    return this.#place;
  }

  /** The newest place that this process has heard of. */
  get newest(): Place {
    return this.#newest;
  }

  /** Whether a message is missing although later ones have arrived. */
  get hasGap(): boolean {
    return this.#later.size > 0;
  }

  /** Adds a message, unless it is old. If too many messages are waiting, adds only the message that comes next. */
  add(message: DownMessage): void {
    if (comparePlaces(message.place, this.#newest) > 0) this.#newest = message.place;
    if (comparePlaces(message.place, this.#place) <= 0) return;
    if (this.#later.size < this.#limit || isSamePlace(message.from, this.#place))
      this.#later.set(placeName(message.from), message);
  }

  /** Returns the message that comes next, and counts it as applied; undefined if it has not arrived yet. */
  next(): DownMessage | undefined {
    const key = placeName(this.#place);
    const message = this.#later.get(key);
    if (!message) return undefined;
    this.#later.delete(key);
    const isNewEpoch = message.place.epoch > this.#place.epoch;
    this.#place = message.place;
    if (isNewEpoch) this.#forgetOld();
    return message;
  }

  /** Goes on from the place of a snapshot. */
  jump(place: Place): void {
    this.#place = place;
    if (comparePlaces(place, this.#newest) > 0) this.#newest = place;
    this.#forgetOld();
  }

  #forgetOld(): void {
    for (const [key, message] of this.#later)
      if (comparePlaces(message.place, this.#place) <= 0) this.#later.delete(key);
  }
}
