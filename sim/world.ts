// The world's state and its tick: the bodies, the queued inputs, and the one input that each player's body takes per tick.
// The same map, seed, joins and inputs in the same order give the same state.
import { applyInput, type Input } from "./apply-input.ts";
import type { WorldMap } from "./map.ts";
import { nearestFree, type Spot } from "./nearest-free.ts";
import type { Random } from "./random.ts";
import { QUEUE_LIMIT } from "./rules.ts";
import type { Body } from "./step.ts";

/** Returns a player's next predicted input; undefined if none is queued. */
export type NextInput = (id: string) => Input | undefined;

/** Called when a player's input throws. The input then counts as done. */
export type OnInputError = (id: string, error: unknown) => void;

/** Ticks for which a returning player takes no input. */
const REJOIN_COOLDOWN_TICKS = 2;

/** Everything that the world knows about a player. As JSON it is a snapshot, so it holds only data. */
export interface PlayerInWorld {
  readonly id: string;
  readonly body: Body;
  /** Inputs queued by `queueMove`, oldest first; at most QUEUE_LIMIT. */
  readonly moves: Input[];
  /** Ticks that must still pass before the next input is taken. */
  cooldown: number;
  /** Ticks since the last input that asked for something. */
  idleTicks: number;
}

/** A world on one map. It has no wire and no clock: the caller of `tick` decides when a tick is. */
export class World {
  readonly #map: WorldMap;
  readonly #random: Random;
  readonly #players = new Map<string, PlayerInWorld>();
  #dropped = 0;
  #applied = 0;
  #noop = 0;

  constructor(map: WorldMap, random: Random) {
    this.#map = map;
    this.#random = random;
  }

  /** Moves that a full queue dropped, and that were never applied. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Inputs that were applied, including steps that a wall stopped. */
  get applied(): number {
    return this.#applied;
  }

  /** Predicted inputs that asked for nothing. */
  get noop(): number {
    return this.#noop;
  }

  /** Moves that are queued. This counts them, so do not call it in every tick. */
  get queued(): number {
    let queued = 0;
    for (const { moves } of this.#players.values()) queued += moves.length;
    return queued;
  }

  /**
   * Puts `body` at `before`, or at the nearest free position to it; without `before`, on one of the map's spawns. From now on
   * the world moves the body.
   *
   * A player with a `before` takes no input for two ticks. Otherwise a player who goes from world to world, each ticking at
   * other times, would take more inputs than one world has ticks. One tick is not enough if two rejoins follow closely.
   */
  join(id: string, body: Body, before?: Spot): void {
    const { x, y } = before ? nearestFree(before, this.#map) : this.#randomSpawn();
    body.x = x;
    body.y = y;
    this.#players.set(id, { id, body, moves: [], cooldown: before ? REJOIN_COOLDOWN_TICKS : 0, idleTicks: 0 });
  }

  /** Takes a player out of the world, with its queued inputs. */
  leave(id: string): void {
    this.#players.delete(id);
  }

  /** Drops a player's queued moves; its body stops. */
  clearQueue(id: string): void {
    const player = this.#players.get(id);
    if (player) player.moves.length = 0;
  }

  /**
   * Queues one move. A full queue drops its oldest move, as the framework's input channel drops its oldest input, and counts
   * it: sending faster than the world ticks gains nothing.
   * @returns whether the player is in this world.
   */
  queueMove(id: string, input: Input): boolean {
    const player = this.#players.get(id);
    if (!player) return false;
    if (player.moves.length >= QUEUE_LIMIT) {
      player.moves.shift();
      this.#dropped++;
    }
    player.moves.push(input);
    return true;
  }

  /**
   * One tick. For each player, in the order in which they joined:
   * 1. the oldest queued move, if there is one, is the input of this tick, and predicted inputs wait;
   * 2. otherwise predicted inputs are taken up to the first that asks for something; the others cost nothing;
   * 3. the body does what that one input asks for, as far as the walls allow.
   * So a player does at most one thing per tick, however many inputs arrive by either channel.
   * @param onError is called for each input that throws. By default the tick ends there and throws.
   */
  tick(nextInput: NextInput, onError: OnInputError = rethrow): void {
    for (const player of this.#players.values()) {
      const { id } = player;
      player.idleTicks++;
      if (player.cooldown > 0) {
        player.cooldown--;
        continue;
      }
      try {
        let input = player.moves.shift() ?? nextInput(id);
        while (input !== undefined && !applyInput(player.body, input, this.#map)) {
          input = nextInput(id);
          this.#noop++;
        }
        if (input === undefined) continue;
        this.#applied++;
      } catch (error) {
        onError(id, error);
      }
      player.idleTicks = 0;
    }
  }

  /** The ids of the players who have asked for nothing in that many ticks. */
  *idle(ticks: number): Iterable<string> {
    for (const { id, idleTicks } of this.#players.values()) if (idleTicks >= ticks) yield id;
  }

  /** All players, in the order in which they joined: the world's own objects, not copies. */
  players(): Iterable<Readonly<PlayerInWorld>> {
    return this.#players.values();
  }

  /** Replaces all players by those of a snapshot. The world owns them from now on. */
  restore(players: Iterable<PlayerInWorld>): void {
    this.#players.clear();
    for (const player of players) this.#players.set(player.id, player);
  }

  #randomSpawn(): Spot {
    const spawn = this.#map.spawns[this.#random(this.#map.spawns.length)];
    if (spawn === undefined) throw new Error(`map "${this.#map.name}" has no spawn`);
    return spawn;
  }
}

function rethrow(_id: string, error: unknown): never {
  throw error;
}
