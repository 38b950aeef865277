// The world's state and its tick: who stands where, whose steps wait, and the one step each takes per tick. The same
// map, seed, joins and inputs in the same order give the same state.
import { applyInput } from "./apply-input.ts";
import type { Direction } from "./directions.ts";
import type { WorldMap } from "./map.ts";
import { nearestFree, type Spot } from "./nearest-free.ts";
import type { Random } from "./random.ts";
import { QUEUE_LIMIT } from "./rules.ts";
import type { Body } from "./step.ts";

/** Gives a player's next waiting predicted input: a direction's code, 0 for none, undefined when none waits. */
export type NextInput = (id: string) => number | undefined;

/** Is told when the step of a player threw, which then has taken none. */
export type Fault = (id: string, error: unknown) => void;

/** Ticks for which a player who comes back takes no step. */
const REJOIN_COOLDOWN_TICKS = 2;

/** All that the world knows of a player. As JSON it is a snapshot, so it holds nothing but data. */
export interface PlayerInWorld {
  readonly id: string;
  readonly body: Body;
  /** Steps asked for by `move`, oldest first; at most QUEUE_LIMIT. */
  readonly moves: Direction[];
  /** Ticks that are still to pass by without a step. */
  cooldown: number;
  /** Ticks since it last asked for a step. */
  idleTicks: number;
}

/** A world on one map. It owns no wire and no clock: who calls `tick` says when a tick is. */
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

  /** Steps that were asked for while the asker's queue was full, and so never taken. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Steps that were taken, those that a wall stopped included. */
  get applied(): number {
    return this.#applied;
  }

  /** Predicted inputs that asked for nothing, and were taken along. */
  get noop(): number {
    return this.#noop;
  }

  /** Steps asked for by `move` that wait. It counts them, so it is not for every tick. */
  get queued(): number {
    let waiting = 0;
    for (const { moves } of this.#players.values()) waiting += moves.length;
    return waiting;
  }

  /**
   * Puts `body` where it stood before, or as near to it as there is room; without a `before` on one of the map's spawns.
   * From now on it is the world that moves it.
   *
   * Who comes back rests for two ticks: somebody who went from world to world, each with ticks at other times, would
   * take more steps than one world has ticks. Two, because one may come at the heels of another.
   */
  join(id: string, body: Body, before?: Spot): void {
    const { x, y } = before ? nearestFree(before, this.#map) : this.#spawn();
    body.x = x;
    body.y = y;
    this.#players.set(id, { id, body, moves: [], cooldown: before ? REJOIN_COOLDOWN_TICKS : 0, idleTicks: 0 });
  }

  /** Takes a player out of the world, with all that waits for it. */
  leave(id: string): void {
    this.#players.delete(id);
  }

  /** Forgets the steps that wait for a player, who stands still from now on. */
  clearQueue(id: string): void {
    const mover = this.#players.get(id);
    if (mover) mover.moves.length = 0;
  }

  /**
   * Queues one step. A full queue drops it and counts it: sending faster than the world ticks gains nothing.
   * @returns whether it waits now.
   */
  move(id: string, direction: Direction): boolean {
    const mover = this.#players.get(id);
    if (!mover) return false;
    if (mover.moves.length >= QUEUE_LIMIT) {
      this.#dropped++;
      return false;
    }
    mover.moves.push(direction);
    return true;
  }

  /**
   * One tick. For each player, in the order in which they joined:
   * 1. the oldest waiting `move`, if there is one, is the step of this tick; predicted inputs wait;
   * 2. else predicted inputs are taken, those that ask for nothing at no cost, until one does something;
   * 3. the body takes that one step, as far as the walls let it.
   * So nobody does more than one thing a tick, however many inputs arrive by however many ways.
   * @param fault is told of a step that threw, and the others take theirs; by default the tick ends there and throws.
   */
  tick(nextInput: NextInput, fault: Fault = rethrow): void {
    for (const mover of this.#players.values()) {
      const { id } = mover;
      mover.idleTicks++;
      if (mover.cooldown > 0) {
        mover.cooldown--;
        continue;
      }
      try {
        let code = mover.moves.shift() ?? nextInput(id);
        while (code !== undefined && !applyInput(mover.body, code, this.#map)) {
          code = nextInput(id);
          this.#noop++;
        }
        if (code === undefined) continue;
        this.#applied++;
      } catch (error) {
        fault(id, error);
      }
      mover.idleTicks = 0;
    }
  }

  /** Who has asked for no step in so many ticks. */
  *idle(ticks: number): Iterable<string> {
    for (const { id, idleTicks } of this.#players.values()) if (idleTicks >= ticks) yield id;
  }

  /** Everybody, in the order in which they joined: the world's own, no copies. */
  players(): Iterable<Readonly<PlayerInWorld>> {
    return this.#players.values();
  }

  /** Goes on from a snapshot of `players`, in place of whoever was here. They are the world's from now on. */
  restore(players: Iterable<PlayerInWorld>): void {
    this.#players.clear();
    for (const player of players) this.#players.set(player.id, player);
  }

  #spawn(): Spot {
    const spawn = this.#map.spawns[this.#random(this.#map.spawns.length)];
    if (spawn === undefined) throw new Error(`map "${this.#map.name}" has no spawn`);
    return spawn;
  }
}

function rethrow(_id: string, error: unknown): never {
  throw error;
}
