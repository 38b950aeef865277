// A bot: a program that plays. It joins with the SDK, walks to random targets, rests, and rejoins when its connection
// is lost.
import { setTimeout as delay } from "node:timers/promises";
import { Client, type InputHandle, MatchMakeError, type Room } from "@colyseus/sdk";
import type { MoveInput } from "../schema/move-input.ts";
import type { WorldState } from "../schema/world-state.ts";
import { applyInput } from "../sim/apply-input.ts";
import { DOWN } from "../sim/directions.ts";
import type { WorldMap } from "../sim/map.ts";
import { type Random, seededRandom } from "../sim/random.ts";
import { TICK_MS } from "../sim/rules.ts";
import type { Body } from "../sim/step.ts";
import type { MapCache } from "./map-cache.ts";
import { directionTo, isAstray, type Route, routeFrom } from "./route.ts";

/** The maximum number of ticks for which a bot rests at its target. */
const MAX_REST_TICKS = 40;

/** Pending inputs above which a bot waits for the server. */
const MAX_PENDING_INPUTS = 6;

/** Milliseconds before a bot retries a refused join or rejoins. The delay doubles from the minimum to the maximum. */
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 8000;

/** The framework's close code of a client that has left. */
const LEFT = 4000;

/** The options of a bot. */
export interface BotOptions {
  /** `http://host:port` of a server. */
  url: string;
  maps: MapCache;
  name?: string;
  /** The name of the map; by default the server's default map. */
  map?: string;
  /** The seed of its random choices. The same seed gives the same routes. */
  seed: number;
  /**
   * Called with the reason when the server refuses a join or a connection is lost. The bot retries unless a retry
   * cannot succeed.
   */
  onTrouble?: (reason: string) => void;
}

/** One bot. */
export class Bot {
  readonly #options: BotOptions;
  readonly #random: Random;
  readonly #stop = new AbortController();
  #room: Room<unknown, WorldState> | undefined;
  #input: InputHandle<MoveInput> | undefined;
  #map: WorldMap | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Its predicted body; undefined while it is not in the world. */
  #body: Body | undefined;
  #route: Route = [];
  #restTicks = 0;
  /** The number of steps taken. */
  steps = 0;

  constructor(options: BotOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** Its session id; undefined while it is not in the world. */
  get sessionId(): string | undefined {
    return this.#body && this.#room?.sessionId;
  }

  /** Whether it is in the world and has a route. */
  get walking(): boolean {
    return this.#body !== undefined && this.#route.length > 0;
  }

  /** Its position in the server's state; undefined while it is unknown. */
  get place(): { x: number; y: number } | undefined {
    return this.#room?.state.players?.get(this.#room.sessionId);
  }

  /** Joins and plays until the bot leaves, or the server refuses it for good. @returns whether the bot ever joined. */
  async play(): Promise<boolean> {
    let joined = false;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        const room = await this.#join();
        joined = true;
        attempt = 0;
        const code = await this.#untilLeft(room);
        if (code === LEFT || this.#stop.signal.aborted) break;
        this.#options.onTrouble?.(`closed with ${code}`);
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#options.onTrouble?.(reasonOf(error));
        if (isFinal(error)) break;
      }
      const retryMs = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** attempt) * (1 - this.#random(256) / 1024);
      await delay(retryMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    return joined;
  }

  /** Leaves the room. Its player is removed at once, and `play` resolves. */
  async leave(): Promise<void> {
    this.#stop.abort();
    this.#restTicks = 0;
    clearInterval(this.#timer);
    const room = this.#room;
    if (!room) return;
    room.reconnection.enabled = false;
    if (room.connection.isOpen) await room.leave(true);
  }

  async #join(): Promise<Room<unknown, WorldState>> {
    const { url, name, map, maps } = this.#options;
    const client = new Client(url);
    // All SDK clients of a process share one token. Without a token, each bot is a different guest.
    client.auth.token = undefined as unknown as string;
    const room = await client.joinOrCreate<WorldState>("world", { name, map });
    this.#room = room;
    // Also reconnect when a connection drops in its first seconds.
    room.reconnection.minUptime = 0;
    room.onMessage("*", () => {});
    room.onError((code, message) => this.#options.onTrouble?.(`${code} ${message}`));
    room.onDrop(() => {
      this.#body = undefined;
      this.#route = [];
    });
    this.#input = room.input<MoveInput>();
    if (this.#stop.signal.aborted) await this.leave();
    const joinedMap = await new Promise<string>((resolve, reject) => {
      room.onStateChange.once((state) => resolve(state.map));
      room.onLeave((code) => reject(new Error(`closed with ${code}`)));
    });
    this.#map = await maps.get(joinedMap);
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#walk(), TICK_MS);
    return room;
  }

  async #untilLeft(room: Room<unknown, WorldState>): Promise<number> {
    const code = await new Promise<number>((resolve) => {
      room.onLeave(resolve);
      if (!room.connection.isOpen && !room.reconnection.isReconnecting) resolve(LEFT);
    });
    clearInterval(this.#timer);
    this.#body = undefined;
    this.#route = [];
    return code;
  }

  /** Takes at most one step, as the page does: predicts it with the server's own rules, then sends it. */
  #walk(): void {
    const input = this.#input!;
    const map = this.#map!;
    if (this.#room?.reconnection.isReconnecting || input.pendingCount > MAX_PENDING_INPUTS) return;
    // Without pending inputs, the server's position is current and replaces the predicted one.
    const confirmed = input.pendingCount === 0 ? this.place : undefined;
    if (confirmed) this.#body = { x: confirmed.x, y: confirmed.y, facing: this.#body?.facing ?? DOWN };
    const body = this.#body;
    if (!body || this.#restTicks-- > 0) return;
    let [target] = this.#route;
    if (!target || isAstray(target, body)) {
      this.#route = routeFrom(body, map, this.#random);
      [target] = this.#route;
    }
    while (target && directionTo(target, body) === undefined) {
      this.#route.shift();
      [target] = this.#route;
    }
    const direction = target && directionTo(target, body);
    if (direction === undefined) {
      this.#restTicks = this.#random(MAX_REST_TICKS);
      return;
    }
    applyInput(body, { direction }, map);
    input.data.direction = direction;
    input.send();
    this.steps++;
  }
}

/** Status codes of client errors after which a retry may succeed. */
const RETRYABLE = [408, 425, 429];

function isFinal(error: unknown): boolean {
  if (!(error instanceof MatchMakeError)) return false;
  return error.code >= 400 && error.code < 500 && !RETRYABLE.includes(error.code);
}

function reasonOf(error: unknown): string {
  if (error instanceof MatchMakeError) return `refused with ${error.code}: ${error.message}`;
  return (error as Error).message || String(error);
}
