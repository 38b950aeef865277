// Records which players the operator has muted, and until when.

/** The longest time for which a player can be muted, in seconds: a year. */
const MAX_SECONDS = 365 * 24 * 3600;

/** The mutes of all rooms of the process. A player is named by its player id, or by its session id if it is a guest. */
export class Mutes {
  /** By player: the end of its mute, in ms since 1970. */
  readonly #endsAt = new Map<string, number>();

  /**
   * Mutes a player. Replaces its current mute, if any.
   * @throws {RangeError} if `seconds` is not positive or exceeds a year.
   */
  mute(player: string, seconds: number, now = Date.now()): void {
    if (!(seconds > 0 && seconds <= MAX_SECONDS))
      throw new RangeError(`cannot mute for ${seconds} seconds; expected a number above 0 and up to ${MAX_SECONDS}`);
    for (const [muted, endsAt] of this.#endsAt) if (endsAt <= now) this.#endsAt.delete(muted);
    this.#endsAt.set(player, now + seconds * 1000);
  }

  /** Ends the mute of a player, if there is one. */
  unmute(player: string): void {
    this.#endsAt.delete(player);
  }

  /** Whether a player is muted now. */
  isMuted(player: string, now = Date.now()): boolean {
    return (this.#endsAt.get(player) ?? 0) > now;
  }
}
