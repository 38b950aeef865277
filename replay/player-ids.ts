// Slots: short numbers for players in a recording. A joining player gets the smallest free slot.

/** Maps session ids to slots. The same joins and leaves give the same slots, so joins are recorded without slots. */
export class PlayerIds {
  readonly #ids: (string | undefined)[] = [];
  readonly #slots = new Map<string, number>();

  /** Returns the slot of a player; undefined if the player has no slot. */
  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  /** Returns the player in a slot; undefined if the slot is free. */
  idAt(slot: number): string | undefined {
    return this.#ids[slot];
  }

  /** Assigns a slot to a player and returns it. A player who already has a slot keeps it. */
  assign(id: string, slot = this.#slots.get(id) ?? this.#freeSlot()): number {
    this.#ids[slot] = id;
    this.#slots.set(id, slot);
    return slot;
  }

  /** Frees a player's slot. */
  release(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#ids[slot] = undefined;
  }

  #freeSlot(): number {
    const free = this.#ids.indexOf(undefined);
    return free < 0 ? this.#ids.length : free;
  }
}
