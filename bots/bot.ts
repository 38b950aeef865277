// A player that is a program: joins with the SDK, walks to places it chooses, rests, and comes back when it was lost.
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

/** Ticks that a bot rests at most where it has come to. */
const LONGEST_REST = 40;

/** Inputs on their way, beyond which a bot waits for the server. */
const MOST_ON_THE_WAY = 6;

/** Milliseconds before a bot that was lost or refused comes again: doubling from the first to the last. */
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 8000;

/** The framework's close code for who has left. */
const LEFT = 4000;

/** How a bot plays. */
export interface BotOptions {
  /** `http://host:port` of a server. */
  url: string;
  grounds: MapCache;
  name?: string;
  /** By default the server's. */
  map?: string;
  /** Start of its chance: the same seed, the same ways. */
  seed: number;
  /** Is told why a join was refused or a connection lost. The bot tries again by itself, unless that would be no use. */
  onTrouble?: (what: string) => void;
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
  /** Where it is by its own reckoning, which is that of the server. */
  #body: Body | undefined;
  #route: Route = [];
  #rest = 0;
  /** Steps that it has taken. */
  steps = 0;

  constructor(options: BotOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** Its session; undefined while it is not in the world. */
  get sessionId(): string | undefined {
    return this.#body && this.#room?.sessionId;
  }

  /** Whether it is in the world and on its way. */
  get walking(): boolean {
    return this.#body !== undefined && this.#route.length > 0;
  }

  /** Where the server has it. */
  get place(): { x: number; y: number } | undefined {
    return this.#room?.state.players?.get(this.#room.sessionId);
  }

  /** Joins and plays until it has left. @returns whether it was ever in the world: false for who is not to try again. */
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
        this.#options.onTrouble?.(troubleOf(error));
        if (isFinal(error)) break;
      }
      const wait = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (1 - this.#random(256) / 1024);
      await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    return joined;
  }

  /** Leaves: its player is gone at once. `play` ends. */
  async leave(): Promise<void> {
    this.#stop.abort();
    this.#rest = 0;
    clearInterval(this.#timer);
    const room = this.#room;
    if (!room) return;
    room.reconnection.enabled = false;
    if (room.connection.isOpen) await room.leave(true);
  }

  async #join(): Promise<Room<unknown, WorldState>> {
    const { url, name, map, grounds } = this.#options;
    const client = new Client(url);
    // All SDK clients of a process share a token; bots are guests, each somebody else.
    client.auth.token = undefined as unknown as string;
    const room = await client.joinOrCreate<WorldState>("world", { name, map });
    this.#room = room;
    // A connection may drop in its first seconds, too.
    room.reconnection.minUptime = 0;
    room.onMessage("*", () => {});
    room.onError((code, sentence) => this.#options.onTrouble?.(`${code} ${sentence}`));
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
    this.#map = await grounds.get(joinedMap);
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

  /** One step at most, as a player's page does: predicted by the server's own rule, and sent. */
  #walk(): void {
    const input = this.#input!;
    const map = this.#map!;
    if (this.#room?.reconnection.isReconnecting || input.pendingCount > MOST_ON_THE_WAY) return;
    // With nothing on its way the server's word is the last one.
    const confirmed = input.pendingCount === 0 ? this.place : undefined;
    if (confirmed) this.#body = { x: confirmed.x, y: confirmed.y, facing: this.#body?.facing ?? DOWN };
    const body = this.#body;
    if (!body || this.#rest-- > 0) return;
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
      this.#rest = this.#random(LONGEST_REST);
      return;
    }
    applyInput(body, { direction }, map);
    input.data.direction = direction;
    input.send();
    this.steps++;
  }
}

/** Refusals that a second try may not meet again, though they say that the request was at fault. */
const MAY_PASS = [408, 425, 429];

function isFinal(error: unknown): boolean {
  if (!(error instanceof MatchMakeError)) return false;
  return error.code >= 400 && error.code < 500 && !MAY_PASS.includes(error.code);
}

function troubleOf(error: unknown): string {
  if (error instanceof MatchMakeError) return `refused with ${error.code}: ${error.message}`;
  return (error as Error).message || String(error);
}
