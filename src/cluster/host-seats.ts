// The seats of a room in the authority. They report to the host which seats are held, and which sessions have ended.
import type { Client, Deferred } from "colyseus";
import type { RoomSeats } from "../../rooms/room-seats.ts";
import type { Seats } from "../sockets/seats.ts";

/** The part of the host that the seats use. */
export interface SeatsHost {
  /** Called before a seat is held. @returns the seconds for which it must be held. */
  hold(sessionId: string, seconds: number): number;
  /** Called when a session has ended. */
  left(sessionId: string): void;
  /**
   * Returns the reconnection token that the framework expects, for a token that a client presents. The two may differ,
   * for example after another process has become the authority.
   */
  tokenOf(presented: string, sessionId?: string): string;
}

/** The seats of one room. */
export class HostSeats implements RoomSeats {
  readonly #seats: Seats;
  readonly #host: SeatsHost;

  constructor(seats: Seats, host: SeatsHost) {
    this.#seats = seats;
    this.#host = host;
  }

  hold(client: Client, seconds: number): Deferred {
    return this.#seats.hold(client, this.#host.hold(client.sessionId, seconds));
  }

  releaseUnclaimed(): void {
    this.#seats.releaseUnclaimed();
  }

  expireOldest(minAgeMs: number): boolean {
    return this.#seats.expireOldest(minAgeMs);
  }

  prepareReconnection(token: string, sessionId?: string): string {
    return this.#seats.prepareReconnection(this.#host.tokenOf(token, sessionId), sessionId);
  }

  reconnected(client: Client): void {
    this.#seats.reconnected(client);
  }

  left(sessionId: string): void {
    this.#seats.left(sessionId);
    this.#host.left(sessionId);
  }
}
