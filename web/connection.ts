// Keeps the page in the room: joins, lets the SDK reconnect, and joins again by itself when that has failed.
import { Client, type Room } from "@colyseus/sdk";
import { PROTOCOL_VERSION } from "../schema/protocol.ts";
import type { WorldState } from "../schema/world-state.ts";
import { backoff } from "./backoff.ts";
import { delayTraffic, type Lag } from "./lag.ts";
import { isTokenRefused, REMEDIES, type Reason, reasonOfClose, reasonOfError } from "./reasons.ts";

/** A room `world` as the page sees it. */
export type WorldRoom = Room<unknown, WorldState>;

/** Milliseconds for a join to be answered. A request into a network that swallows it would wait for minutes. */
const JOIN_TIMEOUT_MS = 12_000;

/** What the connection tells. */
export interface ConnectionEvents {
  /** Joined, as a new player. The join counts as failed if the promise rejects. */
  joined(room: WorldRoom): Promise<void>;
  /**
   * The game stands still. If the remedy of the reason is to wait, more attempts follow by themselves; else none does
   * until `open`. `error` is what a join failed with.
   */
  apart(reason: Reason, error?: unknown): void;
  /** The same player's connection stands again. */
  reconnected(): void;
  /** The server takes no such name; we go back in under the one before. */
  nameRefused(): void;
}

/** The page's one connection. */
export class Connection {
  readonly #client: Client;
  readonly #options: { name?: string; map?: string; protocol: number };
  readonly #lag: Lag;
  readonly #events: ConnectionEvents;
  #room: WorldRoom | undefined;
  /** Lets out what waits in the simulated lag of the room. */
  #flush = () => {};
  /** The name before the one that is being tried out. */
  #nameBefore: { name?: string } | undefined;
  #attempt = 0;
  /** Why we are not in a room; undefined while we are. */
  #reason: Reason | undefined;
  /** Whether the token is one that the server gave out, or renewed, while this page was open. */
  #signedIn = false;
  /** Whether a join that took too long may still arrive somewhere, and take over from the one after it. */
  #stray = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts tries to be in a room; what comes late from an earlier one is not listened to. */
  #try = 0;

  /** @param lag is simulated on the room's socket. */
  constructor(endpoint: URL, options: { name?: string; map?: string }, lag: Lag, events: ConnectionEvents) {
    this.#client = new Client(endpoint.href);
    this.#options = { ...options, protocol: PROTOCOL_VERSION };
    this.#lag = lag;
    this.#events = events;
  }

  /** Joins, and goes on trying until `close`, or until there is a reason against which trying does not help. */
  open(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#join();
  }

  /** Leaves, and comes back under another name. The place is found again by the token. */
  rename(name: string): void {
    this.#nameBefore ??= { name: this.#options.name };
    this.#options.name = name;
    this.#giveUp();
    this.open();
  }

  /** Leaves for good: the player is gone from the world at once. */
  close(): void {
    this.#giveUp();
    clearTimeout(this.#timer);
  }

  async #join(): Promise<void> {
    const thisTry = ++this.#try;
    const timeout = setTimeout(() => {
      this.#stray = true;
      this.#apart(thisTry, "lost");
    }, JOIN_TIMEOUT_MS);
    const wasSignedIn = this.#signedIn;
    try {
      await this.#signIn();
      const room: WorldRoom = await this.#client.joinOrCreate<WorldState>("world", this.#options);
      if (thisTry !== this.#try) return leave(room);
      this.#room = room;
      this.#flush = delayTraffic(room, this.#lag);
      // The SDK would give a connection up that broke in its first seconds, though the server holds its place.
      room.reconnection.minUptime = 0;
      // Together about as long as the server holds it.
      room.reconnection.maxRetries = 9;
      room.reconnection.maxDelay = 3000;
      room.onDrop(() => {
        if (thisTry === this.#try) this.#events.apart("lost");
      });
      room.onReconnect(() => {
        if (thisTry === this.#try) this.#events.reconnected();
        else leave(room);
      });
      room.onLeave((code) => this.#apart(thisTry, reasonOfClose(code)));
      clearTimeout(timeout);
      await this.#events.joined(room);
      if (thisTry !== this.#try) return;
      this.#attempt = 0;
      this.#reason = undefined;
      this.#nameBefore = undefined;
    } catch (error) {
      if (isTokenRefused(error)) {
        // Another secret, another server: signing in anew makes us somebody there. A token that was made a moment ago
        // is not what is wrong.
        this.#signedIn = false;
        if (wasSignedIn) return this.#apart(thisTry, "lost");
      }
      this.#apart(thisTry, reasonOfError(error), error);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Makes the page somebody. With a token from the last visit it stays who it was, and the token is renewed. */
  async #signIn(): Promise<void> {
    if (!this.#signedIn) await this.#client.auth.signInAnonymously();
    this.#signedIn = true;
  }

  /** Does what follows from not being in a room, if it is `thisTry` that has failed. */
  #apart(thisTry: number, reason: Reason, error?: unknown): void {
    if (thisTry !== this.#try) return;
    this.#giveUp();
    if (reason === "badName" && this.#nameBefore) {
      this.#options.name = this.#nameBefore.name;
      this.#nameBefore = undefined;
      this.#events.nameRefused();
      this.open();
      return;
    }
    // It was our own join that took over, one that had taken too long for us to wait for it.
    const ours = reason === "takenOver" && this.#stray;
    if (ours) this.#stray = false;
    // While a server restarts it cannot be reached, and that is no news.
    if (reason !== "lost" || this.#reason !== "restarting") this.#reason = ours ? "lost" : reason;
    this.#events.apart(this.#reason, error);
    if (REMEDIES[this.#reason] === "wait") {
      this.#timer = setTimeout(() => this.#join(), backoff(this.#attempt++, Math.random()));
    }
  }

  #giveUp(): void {
    this.#try++;
    if (this.#room) leave(this.#room);
    // There may be no time for what waits: the page may be on its way out.
    this.#flush();
    this.#flush = () => {};
    this.#room = undefined;
  }
}

/** Leaves a room in whatever state it is; one that is closed already has nothing to leave. */
function leave(room: Room): void {
  room.reconnection.enabled = false;
  if (room.connection.isOpen) void room.leave(true);
}
