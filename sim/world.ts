// The world's state and its tick: who stands where, whose steps wait, and the one step each takes per tick. The same
// map, seed, joins and inputs in the same order give the same state.
import { type Direction, directionOfCode, NONE } from "./directions.ts";
import type { WorldMap } from "./map.ts";
import { nearestFree, type Spot } from "./nearest-free.ts";
import type { Random } from "./random.ts";
import { QUEUE_LIMIT } from "./rules.ts";
import { type Body, step } from "./step.ts";

/** Gives a player's next waiting predicted input: a direction's code, 0 for none, undefined when none waits. */
export type NextInput = (id: string) => number | undefined;

/** Is told when the step of a player threw, which then has taken none. */
export type Fault = (id: string, error: unknown) => void;

interface Mover {
  readonly body: Body;
  /** Steps asked for by `move`, oldest first; at most QUEUE_LIMIT. */
  readonly moves: Direction[];
}

/** All that the world knows of a player. As JSON it is a snapshot, so it holds nothing but data. */
export interface PlayerInWorld extends Mover {
  readonly id: string;
}

/** A world on one map. It owns no wire and no clock: who calls `tick` says when a tick is. */
export class World {
  readonly #map: WorldMap;
  readonly #random: Random;
  readonly #movers = new Map<string, Mover>();
  #dropped = 0;

  constructor(map: WorldMap, random: Random) {
    this.#map = map;
    this.#random = random;
  }

  /** Steps that were asked for while the asker's queue was full, and so never taken. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Puts `body` where it stood before, or as near to it as there is room; without a `before` on one of the map's spawns.
   * From now on it is the world that moves it.
   */
  join(id: string, body: Body, before?: Spot): void {
    const { x, y } = before ? nearestFree(before, this.#map) : this.#spawn();
    body.x = x;
    body.y = y;
    this.#movers.set(id, { body, moves: [] });
  }

  /** Takes a player out of the world, with all that waits for it. */
  leave(id: string): void {
    this.#movers.delete(id);
  }

  /** Forgets the steps that wait for a player, who stands still from now on. */
  halt(id: string): void {
    const mover = this.#movers.get(id);
    if (mover) mover.moves.length = 0;
  }

  /** Queues one step. A full queue drops it and counts it: sending faster than the world ticks gains nothing. */
  move(id: string, direction: Direction): void {
    const mover = this.#movers.get(id);
    if (!mover) return;
    if (mover.moves.length < QUEUE_LIMIT) mover.moves.push(direction);
    else this.#dropped++;
  }

  /**
   * One tick. For each player, in the order in which they joined:
   * 1. the oldest waiting `move`, if there is one, is the step of this tick; predicted inputs wait;
   * 2. else predicted inputs are taken, those without a direction at no cost, until one has a direction;
   * 3. the body takes that one step, as far as the walls let it.
   * So nobody moves more than one step a tick, however many inputs arrive by however many ways.
   * @param fault is told of a step that threw, and the others take theirs; by default the tick ends there and throws.
   */
  tick(nextInput: NextInput, fault: Fault = rethrow): void {
    for (const [id, { body, moves }] of this.#movers) {
      try {
        const direction = moves.shift() ?? firstDirection(id, nextInput);
        if (direction !== undefined) step(body, direction, this.#map);
      } catch (error) {
        fault(id, error);
      }
    }
  }

  /** Everybody, in the order in which they joined; the bodies are the world's own, no copies. */
  *players(): Iterable<PlayerInWorld> {
    for (const [id, mover] of this.#movers) yield { id, ...mover };
  }

  /** Goes on from a snapshot of `players`, in place of whoever was here. The bodies are the world's from now on. */
  restore(players: Iterable<PlayerInWorld>): void {
    this.#movers.clear();
    for (const { id, ...mover } of players) this.#movers.set(id, mover);
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

/** The first of a player's waiting inputs that asks for a direction; those before it are taken along. */
function firstDirection(id: string, nextInput: NextInput): Direction | undefined {
  for (let code = nextInput(id); code !== undefined; code = nextInput(id)) {
    const direction = directionOfCode(code);
    if (direction !== NONE) return direction;
  }
  return undefined;
}
