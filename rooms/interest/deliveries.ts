// Records which changes of each player have been sent, and which are pending. A change may have to wait, because some
// clients may have used up their byte budget for a tick. A change is pending until it has been sent to all clients that
// have the player in sight, or until no client has the player in sight. A player with pending changes is called a
// waiting player. The values are in flat arrays, indexed by the player's slot, for speed: the server reads the values
// of the nearest players for each client in every tick.

/**
 * The length of a player's record, in numbers: the start and the end of two slices of the arena. Both slices are empty
 * if the player has no pending changes.
 */
export const RECORD = 4;

/** Offset in a record: the slice with the player's changes of this tick. */
export const CHANGES = 0;

/** Offset in a record: the slice with all pending changes of the player. */
export const PENDING = 2;

/** The data of the players, in arrays that are indexed by `Entity.slot`. Ticks count from 1; 0 means never. */
export class Deliveries {
  /** The tick of a player's last change. */
  changedAt = new Int32Array();
  /** The fields that are out of date at some clients in sight, as bits in the format of `PlayerCodec.changedFields`. */
  pendingFields = new Int32Array();
  /** The tick of the first change that has not been sent to all clients in sight; 0 if there is none. */
  pendingSince = new Int32Array();
  /**
   * The records of the players: RECORD numbers for each slot. UpdateEncoder reads the records of the players nearest to
   * each client. The numbers of a record are next to each other, so that they are in one cache line.
   */
  records = new Int32Array();

  /** Ensures that each array has elements for at least `slots` slots. */
  reserve(slots: number): void {
    if (slots <= this.changedAt.length) return;
    for (const [name, values] of Object.entries(this) as [keyof Deliveries, Int32Array<ArrayBuffer>][]) {
      const larger = new Int32Array(slots * 2 * (name === "records" ? RECORD : 1));
      larger.set(values);
      Object.assign(this, { [name]: larger });
    }
  }

  /** Marks all changes of a player as sent to all clients in sight. */
  settle(slot: number): void {
    this.pendingFields[slot] = 0;
    this.pendingSince[slot] = 0;
  }
}
