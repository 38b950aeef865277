// Short numbers for players: in a recording each has the least one that was free when it joined.

/** Who has which number. The same joins and leaves give the same numbers, so they need not be written down. */
export class PlayerIds {
  readonly #ids: (string | undefined)[] = [];
  readonly #slots = new Map<string, number>();

  /** The slot of a player; undefined for who is not here. */
  of(id: string): number | undefined {
    return this.#slots.get(id);
  }

  /** Who has a slot. */
  idAt(slot: number): string | undefined {
    return this.#ids[slot];
  }

  /** Gives a player a slot; one who has one keeps it. */
  take(id: string, slot = this.#slots.get(id) ?? this.#free()): number {
    this.#ids[slot] = id;
    this.#slots.set(id, slot);
    return slot;
  }

  /** Takes a player's slot away. */
  release(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#ids[slot] = undefined;
  }

  #free(): number {
    const free = this.#ids.indexOf(undefined);
    return free < 0 ? this.#ids.length : free;
  }
}
