// Limits the connections of each client address. A join over HTTP reserves a seat, which is a place in a room. A seat
// that no WebSocket has claimed yet counts as a connection. So a join beyond the limit is refused over HTTP, where the
// client can read the reason. A browser hides why a WebSocket was refused.
import { ConnectionCounter } from "./connection-counter.ts";

/** A seat that a join has reserved, and that no WebSocket has claimed yet. */
interface UnclaimedSeat {
  address: string;
  expiry: NodeJS.Timeout;
}

/**
 * While clients replace their connections, old connections may still be open beside the new ones. So clients that
 * replace a connection have a higher limit: the limit of their address, multiplied by this factor. Without a limit, a
 * client could open any number of connections that replace the same old connection.
 */
export const REPLACING_FACTOR = 2;

/** The connections of all addresses, and their limit. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #counter = new ConnectionCounter();
  /** The unclaimed seats, by session id. */
  readonly #seats = new Map<string, UnclaimedSeat>();

  /** @param max connections per address; 0 for no limit. */
  constructor(max: number) {
    this.#max = max || Number.POSITIVE_INFINITY;
  }

  /** The number of addresses that have connections. */
  get addresses(): number {
    return this.#counter.addresses;
  }

  /** Returns the number of connections of an address. */
  count(address: string): number {
    return this.#counter.count(address);
  }

  /**
   * Whether an address has reached its limit.
   * @param sessionId names the seat that the new connection would claim. This seat does not count.
   */
  isFull(address: string, sessionId?: string): boolean {
    const isCounted = this.#seats.get(sessionId ?? "")?.address === address;
    return this.#counter.count(address) - (isCounted ? 1 : 0) >= this.#max;
  }

  /**
   * Counts a WebSocket for its address until `close` is called. If the WebSocket claims a seat that was reserved for
   * the same address, it takes the place of the seat in the count. The address then stays within its limit.
   * @param isReturning returns whether the WebSocket replaces an open connection of the same player.
   * @returns whether the address stays within its limit.
   */
  open(address: string, sessionId: string | undefined, isReturning: () => boolean): boolean {
    const seat = sessionId === undefined ? undefined : this.#takeSeat(sessionId);
    const count = this.#counter.increment(address);
    if (count <= this.#max || seat?.address === address) return true;
    return count <= this.#max * REPLACING_FACTOR && isReturning();
  }

  /** Stops counting one WebSocket of an address. */
  close(address: string): void {
    this.#counter.decrement(address);
  }

  /**
   * Counts a join until its seat is claimed or has expired.
   * @param isReturning returns whether the join replaces an open connection of the same player. The old connection is
   * then closed.
   * @returns undefined if the address has too many connections. Otherwise returns two functions, and the caller must
   * call the one that matches the result of the join.
   */
  async reserve(address: string, isReturning: () => boolean | Promise<boolean>) {
    if (this.isFull(address) && !((await isReturning()) && this.count(address) < this.#max * REPLACING_FACTOR))
      return undefined;
    this.#counter.increment(address);
    return {
      failed: () => this.#counter.decrement(address),
      /** @param seconds the time after which an unclaimed seat expires. */
      succeeded: (sessionId: string, seconds: number) => {
        this.#takeSeat(sessionId);
        const expiry = setTimeout(() => this.#takeSeat(sessionId), 1000 * seconds).unref();
        this.#seats.set(sessionId, { address, expiry });
      },
    };
  }

  /** Stops counting a seat, and returns it if it was counted. */
  #takeSeat(sessionId: string): UnclaimedSeat | undefined {
    const seat = this.#seats.get(sessionId);
    if (!seat) return undefined;
    this.#seats.delete(sessionId);
    clearTimeout(seat.expiry);
    this.#counter.decrement(seat.address);
    return seat;
  }
}
