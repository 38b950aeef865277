// How many of something each address has open.

/** Counts what is open, by address. An address that has nothing open takes no memory. */
export class ConnectionCounter {
  readonly #open = new Map<string, number>();

  /** Counts one more for an address. Gives how many it has open now. */
  increment(address: string): number {
    const count = (this.#open.get(address) ?? 0) + 1;
    this.#open.set(address, count);
    return count;
  }

  /** Counts one less. */
  decrement(address: string): void {
    const count = this.#open.get(address)! - 1;
    if (count > 0) this.#open.set(address, count);
    else this.#open.delete(address);
  }
}
