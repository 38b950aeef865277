// The world's state (bodies and queued inputs) and its tick, which applies at most one input to each player's body. The
// same map, seed, joins and inputs in the same order give the same state.
import { applyInput, type Input } from "./apply-input.ts";
import type { WorldMap } from "./map.ts";
import { nearestFree, type Spot } from "./nearest-free.ts";
import type { Random } from "./random.ts";
import { QUEUE_LIMIT } from "./rules.ts";
import type { Body } from "./step.ts";

/** Returns a player's next predicted input; undefined if none is queued. */
export type NextInput = (id: string) => Input | undefined;

/** Called when applying a player's input throws an error. The input is not applied again. */
export type OnInputError = (id: string, error: unknown) => void;

/** Ticks for which the world applies no input of a returning player. */
const REJOIN_COOLDOWN_TICKS = 2;

/** The complete state of one player in a world. Snapshots store it as JSON, so it must contain only plain data. */
export interface PlayerInWorld {
  readonly id: string;
  readonly body: Body;
  /** Inputs queued by `queueMove`, oldest first; at most QUEUE_LIMIT. */
  readonly moves: Readonly<Input>[];
  /** Ticks that must still pass before the next input is applied. */
  cooldown: number;
  /** Ticks since the player's last input that was not a no-op. */
  idleTicks: number;
}

/** A world on one map. It has no network and no clock: its owner calls `tick`. */
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

  /** The number of moves that were dropped, and never applied, because the player's queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The number of inputs that were applied, including steps that a wall stopped. */
  get applied(): number {
    return this.#applied;
  }

  /** The number of predicted inputs that were no-ops. */
  get noop(): number {
    return this.#noop;
  }

  /** The number of queued moves. Reading it iterates over all players, so do not read it in every tick. */
  get queued(): number {
    let queued = 0;
    for (const { moves } of this.#players.values()) queued += moves.length;
    return queued;
  }

  /**
   * Adds a player. Puts `body` at the free position nearest to `before`, or at a random spawn point of the map if there
   * is no `before`. From now on the world moves the body.
   *
   * If there is a `before`, the world applies no input of the player in the first two ticks after the join. Worlds tick
   * at different times. Without this cooldown, a player that changes worlds again and again could move faster than the
   * rules allow. A cooldown of one tick would be too short for a player that changes worlds twice in a short time.
   */
  join(id: string, body: Body, before?: Spot): void {
    const { x, y } = before ? nearestFree(before, this.#map) : this.#randomSpawn();
    body.x = x;
    body.y = y;
    this.#players.set(id, { id, body, moves: [], cooldown: before ? REJOIN_COOLDOWN_TICKS : 0, idleTicks: 0 });
  }

  /** Removes a player and its queued moves from the world. */
  leave(id: string): void {
    this.#players.delete(id);
  }

  /** Drops a player's queued moves, so that its body stops. */
  clearQueue(id: string): void {
    const player = this.#players.get(id);
    if (player) player.moves.length = 0;
  }

  /**
   * Queues one move. A full queue drops and counts its oldest move, as the framework's buffer of predicted inputs does.
   * So sending faster than the world ticks gives a client no advantage.
   * @returns whether the player is in this world.
   */
  queueMove(id: string, input: Readonly<Input>): boolean {
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
   * One tick. No input of a returning player is applied during the cooldown. For each other player, in the order in
   * which they joined:
   * 1. the oldest queued move, if there is one, is the input of this tick, and the predicted inputs stay queued;
   * 2. otherwise the first predicted input that is not a no-op is the input of this tick; it is removed from the queue,
   *    together with the no-ops before it;
   * 3. the input of this tick is applied to the body, as far as the walls allow.
   * So at most one input per tick affects a player, regardless of how many inputs a client sends.
   * @param onError called when applying an input throws. By default the tick stops at that player and throws the error.
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

  /** Yields the ids of the players without an input for at least `ticks` ticks. No-ops do not count as inputs. */
  *idle(ticks: number): Iterable<string> {
    for (const { id, idleTicks } of this.#players.values()) if (idleTicks >= ticks) yield id;
  }

  /** Returns all players in join order: the world's own objects, not copies. */
  players(): Iterable<Readonly<PlayerInWorld>> {
    return this.#players.values();
  }

  /** Replaces all players with those of a snapshot. The world owns these objects from now on. */
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
