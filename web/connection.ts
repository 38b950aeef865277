// Keeps the page in the room: joins, lets the SDK reconnect, and joins again by itself when that has failed.
import { Client, MatchMakeError, type Room } from "@colyseus/sdk";
import type { WorldState } from "../schema/world-state.ts";
import { MapError } from "../sim/map.ts";
import { backoff } from "./backoff.ts";

/** A room `world` as the page sees it. */
export type WorldRoom = Room<unknown, WorldState>;

/** Milliseconds for a join to be answered. A request into a network that swallows it would wait for minutes. */
const JOIN_TIMEOUT_MS = 12_000;

/** The server's answers to a token that is no good, as HTTP statuses, and its close code for who has joined elsewhere. */
const TOKEN_REFUSED = [401, 403, 410];
const TAKEN_OVER = 4312;

/** What the connection tells. */
export interface ConnectionEvents {
  /** Joined, as a new player. The join counts as failed if the promise rejects. */
  joined(room: WorldRoom): Promise<void>;
  /** The game stands still: dropped, closed by the server or not reachable. More attempts follow by themselves. */
  apart(): void;
  /** The same player's connection stands again. */
  reconnected(): void;
  /** The server will not have us, and trying again would not change it. */
  refused(sentence: string): void;
  /** The player has joined in another tab or on another device. Coming back by itself would throw that one out. */
  takenOver(): void;
}

/** The page's one connection. */
export class Connection {
  readonly #client: Client;
  readonly #options: { name?: string; map?: string };
  readonly #events: ConnectionEvents;
  #room: WorldRoom | undefined;
  #attempt = 0;
  /** Whether the token is one that the server gave out, or renewed, while this page was open. */
  #signedIn = false;
  /** Whether a join that took too long may still arrive somewhere, and take over from the one after it. */
  #stray = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts tries to be in a room; what comes late from an earlier one is not listened to. */
  #try = 0;

  constructor(endpoint: URL, options: { name?: string; map?: string }, events: ConnectionEvents) {
    this.#client = new Client(endpoint.href);
    this.#options = options;
    this.#events = events;
  }

  /** Joins, and goes on trying until `close`, or until the player has joined elsewhere. */
  open(): void {
    this.#attempt = 0;
    void this.#join();
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
      this.#again(thisTry);
    }, JOIN_TIMEOUT_MS);
    try {
      await this.#signIn();
      const room: WorldRoom = await this.#client.joinOrCreate<WorldState>("world", this.#options);
      if (thisTry !== this.#try) return leave(room);
      this.#room = room;
      // The SDK would give a connection up that broke in its first seconds, though the server holds its place.
      room.reconnection.minUptime = 0;
      // Together about as long as the server holds it.
      room.reconnection.maxRetries = 9;
      room.reconnection.maxDelay = 3000;
      room.onDrop(() => {
        if (thisTry === this.#try) this.#events.apart();
      });
      room.onReconnect(() => {
        if (thisTry === this.#try) this.#events.reconnected();
        else leave(room);
      });
      room.onLeave((code) => (code === TAKEN_OVER ? this.#giveWay(thisTry) : this.#again(thisTry)));
      clearTimeout(timeout);
      await this.#events.joined(room);
      if (thisTry === this.#try) this.#attempt = 0;
    } catch (error) {
      const code = error instanceof MatchMakeError ? error.code : undefined;
      if (code === TAKEN_OVER) return this.#giveWay(thisTry);
      // Another secret, another server: signing in anew makes us somebody there.
      if (TOKEN_REFUSED.includes(code!)) this.#signedIn = false;
      const refusal = refusalOf(error);
      if (refusal === undefined || thisTry !== this.#try) return this.#again(thisTry);
      this.#giveUp();
      this.#events.refused(refusal);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Makes the page somebody. With a token from the last visit it stays who it was, and the token is renewed. */
  async #signIn(): Promise<void> {
    if (!this.#signedIn) await this.#client.auth.signInAnonymously();
    this.#signedIn = true;
  }

  /** Makes way for the one that has taken over, unless it was ourselves. */
  #giveWay(thisTry: number): void {
    if (thisTry !== this.#try) return;
    if (this.#stray) {
      this.#stray = false;
      this.#again(thisTry);
    } else {
      this.#giveUp();
      this.#events.takenOver();
    }
  }

  /** Starts the next try after a while, if `thisTry` is the one that just failed. */
  #again(thisTry: number): void {
    if (thisTry !== this.#try) return;
    this.#giveUp();
    this.#events.apart();
    this.#timer = setTimeout(() => this.#join(), backoff(this.#attempt++, Math.random()));
  }

  #giveUp(): void {
    this.#try++;
    if (this.#room) leave(this.#room);
    this.#room = undefined;
  }
}

/** Leaves a room in whatever state it is; one that is closed already has nothing to leave. */
function leave(room: Room): void {
  room.reconnection.enabled = false;
  if (room.connection.isOpen) void room.leave(true);
}

const MAY_PASS = [408, 425, 429, ...TOKEN_REFUSED];

/** The sentence of an error that would come again, however often one tried. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof MapError) return error.message;
  if (!(error instanceof MatchMakeError)) return undefined;
  // As HTTP status: 4xx says that the request is wrong, except for those that speak of time, and of a token. A server
  // that cannot be reached has no code at all.
  const wrong = error.code >= 400 && error.code < 500 && !MAY_PASS.includes(error.code);
  return wrong ? error.message : undefined;
}
