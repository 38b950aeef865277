// The limits per address in the authority. They count the joins and the connections of all processes together. In
// addition, each process has its own limits for the joins that it receives.
import { serverError } from "../../rooms/server-error.ts";
import { ConnectionCounter } from "../edge/connection-counter.ts";
import { REPLACING_FACTOR } from "../edge/connection-limit.ts";
import type { IsTakeover } from "../edge/matchmaking.ts";
import { RateLimiter } from "../edge/rate-limiter.ts";

/** The connections and the seats of one address that count towards the limits. */
export interface AddressCount {
  /** Its connections and reserved seats. */
  readonly present: number;
  /** Its held seats: clients may return to them at any time, and are then never refused. */
  readonly held: number;
}

/** The connections and the seats of each address. */
export interface CountedAddresses {
  count(address: string): AddressCount;
  /** Counts a seat that was reserved for a client with this address. */
  reserved(sessionId: string, address: string): void;
}

/** A limit of 0 means no limit. */
interface Limits {
  readonly maxConnectionsPerAddress: number;
  readonly maxJoinsPerMinute: number;
}

/** Limits the joins of the whole cluster. */
export class JoinLimits {
  readonly #max: number;
  readonly #joins: RateLimiter | undefined;
  readonly #addresses: CountedAddresses;
  /** For each address, the number of joins that have no seat yet. */
  readonly #joining = new ConnectionCounter();
  readonly #isTakeover: IsTakeover;

  /** @param isTakeover returns whether a join takes over the session of a player in a room of this process. */
  constructor(
    { maxConnectionsPerAddress, maxJoinsPerMinute }: Limits,
    addresses: CountedAddresses,
    isTakeover: IsTakeover,
  ) {
    this.#max = maxConnectionsPerAddress || Number.POSITIVE_INFINITY;
    this.#joins = maxJoinsPerMinute > 0 ? new RateLimiter(maxJoinsPerMinute, 60) : undefined;
    this.#addresses = addresses;
    this.#isTakeover = isTakeover;
  }

  /**
   * Reserves a seat if the limits allow it.
   * @param token the player's token, with which the join may take over the player's session.
   * @param join reserves a seat.
   * @throws {ServerError} if the address has too many connections, or has sent too many joins.
   */
  async reserve<Seat extends { sessionId: string }>(
    address: string,
    token: string | undefined,
    join: () => Promise<Seat>,
  ): Promise<Seat> {
    const { present, held } = this.#addresses.count(address);
    const count = present + this.#joining.count(address);
    // Counted before anything is awaited, because further joins may arrive meanwhile.
    this.#joining.increment(address);
    try {
      // Clients return to held seats without a further check. So held seats count towards this larger limit, too.
      const isAboveAll = count + held >= this.#max * REPLACING_FACTOR;
      if (isAboveAll || (count >= this.#max && !(await this.#isTakeover(token, address))))
        throw serverError("tooManyConnections");
      if (((await this.#joins?.consume(address)) ?? 0) > 0) throw serverError("tooManyJoins");
      const seat = await join();
      this.#addresses.reserved(seat.sessionId, address);
      return seat;
    } finally {
      this.#joining.decrement(address);
    }
  }
}
