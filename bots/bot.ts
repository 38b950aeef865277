// A bot: a program that plays. It joins with the SDK, walks to random targets, rests, and rejoins when its connection
// is lost.
import { CloseCode, type InputHandle, MatchMakeError, type Room } from "@colyseus/sdk";
import { SabangClient } from "../client/client.ts";
import { play } from "../client/play.ts";
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

/** A bot sends no input while more than this number of its inputs wait for the server's acknowledgement. */
const MAX_PENDING_INPUTS = 6;

type BotRoom = Room<unknown, WorldState>;

/** The options of a bot. */
export interface BotOptions {
  /** `http://host:port` of a server. */
  url: string;
  maps: MapCache;
  name?: string;
  /** The name of the map; by default the server's default map. */
  map?: string;
  /** The seed of the bot's random choices. The same seed gives the same routes. */
  seed: number;
  /**
   * Called with the reason when a join fails, when the server sends an error, or when the bot has lost its room. After
   * a failed join or a lost room, the bot joins again, unless the server has refused or disconnected it permanently.
   */
  onTrouble?: (reason: string) => void;
}

/** A program that plays as one player. */
export class Bot {
  readonly #options: BotOptions;
  readonly #random: Random;
  readonly #stop = new AbortController();
  #room: BotRoom | undefined;
  #input: InputHandle<MoveInput> | undefined;
  #map: WorldMap | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** The bot's predicted body; undefined while the bot is not in the world. */
  #body: Body | undefined;
  #route: Route = [];
  #restTicks = 0;
  /** The number of steps that the bot has taken. */
  steps = 0;

  constructor(options: BotOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** The bot's session id; undefined while the bot is not in the world. */
  get sessionId(): string | undefined {
    return this.#body && this.#room?.sessionId;
  }

  /** Whether the bot is in the world and has a route. */
  get walking(): boolean {
    return this.#body !== undefined && this.#route.length > 0;
  }

  /** The bot's position in the server's state; undefined if the bot has not received it. */
  get place(): { x: number; y: number } | undefined {
    return this.#room?.state.players?.get(this.#room.sessionId);
  }

  /**
   * Joins and plays until `leave` is called or the server refuses the bot for good.
   * @returns whether the bot ever joined.
   */
  async play(): Promise<boolean> {
    const { url, name, map, onTrouble } = this.#options;
    const client = new SabangClient(url);
    let joined = false;
    const enter = (room: BotRoom) => {
      joined = true;
      this.#enter(room);
    };
    const options = {
      guest: true,
      signal: this.#stop.signal,
      onTrouble: (error: Error) => onTrouble?.(reasonOf(error)),
    };
    try {
      const code = await play<WorldState>(client, { name, map }, enter, options);
      if (code !== CloseCode.CONSENTED) onTrouble?.(`closed with ${code}`);
    } catch (error) {
      onTrouble?.(reasonOf(error as Error));
    }
    return joined;
  }

  /** Leaves the room. The bot's player is removed at once, and `play` resolves. */
  async leave(): Promise<void> {
    const left = new Promise<void>((resolve) => this.#room?.onLeave(() => resolve()) ?? resolve());
    this.#stop.abort();
    this.#stand();
    if (this.#room?.connection.isOpen) await left;
  }

  /** Walks in a new room, as soon as its map is loaded. */
  #enter(room: BotRoom): void {
    this.#room = room;
    room.onMessage("*", () => {});
    room.onError((code, message) => this.#options.onTrouble?.(`${code} ${message}`));
    room.onDrop(() => {
      this.#body = undefined;
      this.#route = [];
    });
    room.onLeave(() => this.#stand());
    room.onStateChange.once(({ map }) => {
      this.#walkOn(map, room).catch((error) => {
        this.#options.onTrouble?.(reasonOf(error));
        // Closes the connection without a reconnection, so `play` joins again.
        room.reconnection.enabled = false;
        room.connection.close();
      });
    });
  }

  async #walkOn(map: string, room: BotRoom): Promise<void> {
    this.#map = await this.#options.maps.get(map);
    if (room !== this.#room || this.#stop.signal.aborted) return;
    this.#input = room.input<MoveInput>();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#walk(), TICK_MS);
  }

  /** Stops walking. */
  #stand(): void {
    clearInterval(this.#timer);
    this.#restTicks = 0;
    this.#body = undefined;
    this.#route = [];
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

function reasonOf(error: Error): string {
  if (error instanceof MatchMakeError) return `refused with ${error.code}: ${error.message}`;
  return error.message || String(error);
}
