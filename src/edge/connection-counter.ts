// Counts the open connections of each address.

/** Counts open connections by address. An address without open connections takes no memory. */
export class ConnectionCounter {
  readonly #open = new Map<string, number>();

  /** The number of addresses with open connections. */
  get addresses(): number {
    return this.#open.size;
  }

  /** Returns the number of open connections of an address. */
  count(address: string): number {
    return this.#open.get(address) ?? 0;
  }

  /** Counts one more connection. @returns the number of open connections of this address. */
  increment(address: string): number {
    const count = (this.#open.get(address) ?? 0) + 1;
    this.#open.set(address, count);
    return count;
  }

  /** Stops counting one connection of an address. */
  decrement(address: string): void {
    const count = this.#open.get(address)! - 1;
    if (count > 0) this.#open.set(address, count);
    else this.#open.delete(address);
  }
}
