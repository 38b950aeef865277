// Keeps the page in a room: joins, lets the SDK reconnect, and joins again if the reconnection fails.
import { Client, type Room } from "@colyseus/sdk";
import { PROTOCOL_VERSION } from "../schema/protocol.ts";
import type { WorldState } from "../schema/world-state.ts";
import { backoff } from "./backoff.ts";
import { delayTraffic, type Lag } from "./lag.ts";
import { isTokenRefused, REMEDIES, type Reason, reasonOfClose, reasonOfError } from "./reasons.ts";

/** A room `world` as the page sees it. */
export type WorldRoom = Room<unknown, WorldState>;

/** Timeout of a join. Without one, a request that the network drops would wait for minutes. */
const JOIN_TIMEOUT_MS = 12_000;

/** Callbacks of the connection. */
export interface ConnectionEvents {
  /** Called after a join, with a new session. The join counts as failed if the promise rejects. */
  joined(room: WorldRoom): Promise<void>;
  /**
   * Called when the page is not in a room. If the remedy of the reason is `wait`, the connection retries by itself;
   * otherwise it waits for `open`. `error` is the error of a failed join.
   */
  disconnected(reason: Reason, error?: unknown): void;
  /** Called when the SDK has reconnected the same session. */
  reconnected(): void;
  /** Called when the server has refused the new name. The connection joins again under the previous one. */
  nameRefused(): void;
}

/** The page's one connection. */
export class Connection {
  readonly #client: Client;
  readonly #options: { name?: string; map?: string; protocol: number };
  readonly #lag: Lag;
  readonly #events: ConnectionEvents;
  #room: WorldRoom | undefined;
  /** Sends the frames that the simulated lag of the room still delays. */
  #flush = () => {};
  /** The name before a rename, until the server has accepted the new one. */
  #previousName: { name?: string } | undefined;
  #attempt = 0;
  /** The reason why the page is not in a room; undefined while it is in one. */
  #reason: Reason | undefined;
  /** Whether the server issued or renewed the token while this page was open. */
  #signedIn = false;
  /** Whether a join that timed out may still reach the server, and take over from the join that followed it. */
  #lateJoinPossible = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Number of the current join. Late events of earlier joins are ignored. */
  #joinId = 0;

  /** @param lag is simulated on the room's socket. */
  constructor(endpoint: URL, options: { name?: string; map?: string }, lag: Lag, events: ConnectionEvents) {
    this.#client = new Client(endpoint.href);
    this.#options = { ...options, protocol: PROTOCOL_VERSION };
    this.#lag = lag;
    this.#events = events;
  }

  /** Joins, and retries until `close`, or until a join fails for a reason that a retry cannot resolve. */
  open(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#join();
  }

  /** Leaves, and joins again under another name. The server restores the position from the token. */
  rename(name: string): void {
    this.#previousName ??= { name: this.#options.name };
    this.#options.name = name;
    this.#abandon();
    this.open();
  }

  /** Leaves for good: the server removes the player from the world immediately. */
  close(): void {
    this.#abandon();
    clearTimeout(this.#timer);
  }

  async #join(): Promise<void> {
    const joinId = ++this.#joinId;
    const timeout = setTimeout(() => {
      this.#lateJoinPossible = true;
      this.#fail(joinId, "lost");
    }, JOIN_TIMEOUT_MS);
    const wasSignedIn = this.#signedIn;
    try {
      await this.#signIn();
      const room: WorldRoom = await this.#client.joinOrCreate<WorldState>("world", this.#options);
      if (joinId !== this.#joinId) return leave(room);
      this.#room = room;
      this.#flush = delayTraffic(room, this.#lag);
      // By default the SDK does not reconnect a connection that breaks in its first seconds. The server holds the seat.
      room.reconnection.minUptime = 0;
      // Together, the retries last about as long as the server holds the seat.
      room.reconnection.maxRetries = 9;
      room.reconnection.maxDelay = 3000;
      room.onDrop(() => {
        if (joinId === this.#joinId) this.#events.disconnected("lost");
      });
      room.onReconnect(() => {
        if (joinId === this.#joinId) this.#events.reconnected();
        else leave(room);
      });
      room.onLeave((code) => this.#fail(joinId, reasonOfClose(code)));
      clearTimeout(timeout);
      await this.#events.joined(room);
      if (joinId !== this.#joinId) return;
      this.#attempt = 0;
      this.#reason = undefined;
      this.#previousName = undefined;
    } catch (error) {
      if (isTokenRefused(error)) {
        // The server's secret has changed, or the token has expired. The next join signs in again and gets a new token.
        // If this join has just signed in, the token is not the cause.
        this.#signedIn = false;
        if (wasSignedIn) return this.#fail(joinId, "lost");
      }
      this.#fail(joinId, reasonOfError(error), error);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Signs in anonymously, once. The server renews a token of the last visit, so the player keeps its identity. */
  async #signIn(): Promise<void> {
    if (!this.#signedIn) await this.#client.auth.signInAnonymously();
    this.#signedIn = true;
  }

  /** Reports that the page is not in a room, and schedules a retry if one helps. Ignores joins that are not current. */
  #fail(joinId: number, reason: Reason, error?: unknown): void {
    if (joinId !== this.#joinId) return;
    this.#abandon();
    if (reason === "badName" && this.#previousName) {
      this.#options.name = this.#previousName.name;
      this.#previousName = undefined;
      this.#events.nameRefused();
      this.open();
      return;
    }
    // The page's own earlier join, which had timed out, has taken over.
    const byLateJoin = reason === "takenOver" && this.#lateJoinPossible;
    if (byLateJoin) this.#lateJoinPossible = false;
    // While a server restarts, it is unreachable; the reason stays `restarting`.
    if (reason !== "lost" || this.#reason !== "restarting") this.#reason = byLateJoin ? "lost" : reason;
    this.#events.disconnected(this.#reason, error);
    if (REMEDIES[this.#reason] === "wait") {
      this.#timer = setTimeout(() => this.#join(), backoff(this.#attempt++, Math.random()));
    }
  }

  /** Leaves the room and ignores all later events of the current join. */
  #abandon(): void {
    this.#joinId++;
    if (this.#room) leave(this.#room);
    // Delayed frames are sent now, because the page may be closing.
    this.#flush();
    this.#flush = () => {};
    this.#room = undefined;
  }
}

/** Leaves a room and stops its reconnection. Does not send anything if the connection is closed already. */
function leave(room: Room): void {
  room.reconnection.enabled = false;
  if (room.connection.isOpen) void room.leave(true);
}
