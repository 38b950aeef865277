// Keeps the page in the room: joins, lets the SDK reconnect, and joins again by itself when that has failed.
import { Client, MatchMakeError, type Room } from "@colyseus/sdk";
import type { WorldState } from "../schema/world-state.ts";
import { MapError } from "../sim/map.ts";
import { backoff } from "./backoff.ts";

/** A room `world` as the page sees it. */
export type WorldRoom = Room<unknown, WorldState>;

/** Milliseconds for a join to be answered. A request into a network that swallows it would wait for minutes. */
const JOIN_TIMEOUT_MS = 12_000;

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
}

/** The page's one connection. */
export class Connection {
  readonly #client: Client;
  readonly #options: { name?: string; map?: string };
  readonly #events: ConnectionEvents;
  #room: WorldRoom | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts tries to be in a room; what comes late from an earlier one is not listened to. */
  #try = 0;

  constructor(endpoint: URL, options: { name?: string; map?: string }, events: ConnectionEvents) {
    this.#client = new Client(endpoint.href);
    this.#options = options;
    this.#events = events;
  }

  /** Joins, and goes on trying until `close`. */
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
    const timeout = setTimeout(() => this.#again(thisTry), JOIN_TIMEOUT_MS);
    try {
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
      room.onLeave(() => this.#again(thisTry));
      clearTimeout(timeout);
      await this.#events.joined(room);
      if (thisTry === this.#try) this.#attempt = 0;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined || thisTry !== this.#try) return this.#again(thisTry);
      this.#giveUp();
      this.#events.refused(refusal);
    } finally {
      clearTimeout(timeout);
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

/** The sentence of an error that would come again, however often one tried. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof MapError) return error.message;
  if (!(error instanceof MatchMakeError)) return undefined;
  // As HTTP status: 4xx says that the request is wrong, except for those that speak of time. A server that cannot be
  // reached has no code at all.
  const wrong = error.code >= 400 && error.code < 500 && ![408, 425, 429].includes(error.code);
  return wrong ? error.message : undefined;
}
