// Tests the age, in ticks, of the positions that clients show in a crowd of 1500 players. Some of the players have
// clients, which decode their frames.
import { expect, test } from "@jest/globals";
import { type Random, seededRandom } from "../../../sim/random.ts";
import { TICK_HZ } from "../../../sim/rules.ts";
import { Crowd, type Member, type Place } from "../../support/crowd.ts";

const PLAYERS = 1500;
const CLIENTS = 5;

/** The default of MAX_BYTES_PER_CLIENT. */
const BUDGET = 16_384;

/** The number of nearest other players whose current positions a client shows in every tick. */
const NEAREST = 30;

/** The number of players that join in each tick, until all have joined. A join takes more bytes than a step. */
const JOINS = 15;

/** The number of ticks before the measurement, in which all players join, and the number of measured ticks. */
const WARM_UP = PLAYERS / JOINS + 300;
const MEASURED = 40;

/** The area in which the crowd walks, in units. */
interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * The step in each direction, in units, and the value of `facing` for that direction. The indices of opposite
 * directions differ only in the lowest bit.
 */
const STEPS = [
  { x: -8, y: 0, facing: 1 },
  { x: 8, y: 0, facing: 2 },
  { x: 0, y: -8, facing: 3 },
  { x: 0, y: 8, facing: 4 },
];

/** A player that walks straight ahead for half a second to three seconds, and turns round at the border of the area. */
class Walker {
  readonly id: string;
  /** The positions by tick. */
  readonly places: Place[];
  readonly #area: Area;
  readonly #random: Random;
  /** The index of the walking direction in STEPS. */
  #direction = 0;
  #remaining = 0;

  constructor(id: string, area: Area, random: Random) {
    this.id = id;
    this.places = [{ x: area.left + random(area.width), y: area.top + random(area.height) }];
    this.#area = area;
    this.#random = random;
  }

  get place(): Place {
    return this.places.at(-1)!;
  }

  get facing(): number {
    return STEPS[this.#direction]!.facing;
  }

  /** Moves by one step, or stands still for a tick. */
  tick(moves: boolean): void {
    this.places.push(moves ? this.#step() : this.place);
  }

  #step(): Place {
    if (this.#remaining-- <= 0) {
      this.#direction = this.#random(STEPS.length);
      this.#remaining = 5 + this.#random(26);
    }
    const next = this.#next();
    const { left, top, width, height } = this.#area;
    if (next.x >= left && next.x < left + width && next.y >= top && next.y < top + height) return next;
    this.#direction ^= 1;
    return this.#next();
  }

  #next(): Place {
    const { x, y } = STEPS[this.#direction]!;
    return { x: this.place.x + x, y: this.place.y + y };
  }

  /** Returns the ticks since the player left the shown position; 0 if the player is there or left in this tick. */
  age({ x, y }: Place): number {
    const last = this.places.findLastIndex((place) => place.x === x && place.y === y);
    return Math.max(this.places.length - 2 - last, 0);
  }
}

/** Returns the walkers, the nearest first, with their squared distance from a position. */
function byDistance(walkers: readonly Walker[], from: Place) {
  return walkers
    .map((walker) => ({ walker, square: (walker.place.x - from.x) ** 2 + (walker.place.y - from.y) ** 2 }))
    .sort((a, b) => a.square - b.square);
}

function createCrowd(area: Area) {
  const random = seededRandom(1);
  const crowd = new Crowd(4096, 4096, true, BUDGET);
  const walkers = Array.from({ length: PLAYERS }, (_, index) => new Walker(`p${index}`, area, random));
  const join = ({ id, place, facing }: Walker) => crowd.put(id, { name: id, facing, ...place });
  for (const walker of walkers.slice(0, CLIENTS)) join(walker);
  const clients = walkers.slice(0, CLIENTS).map((walker) => ({ walker, member: crowd.join(walker.id) }));
  for (const { member } of clients) {
    crowd.acknowledge(member);
    crowd.arrive(member);
  }
  let ticks = 0;
  let joined = CLIENTS;
  /** Runs a tick. Each player moves in every second tick, as if its client sent ten moves per second. */
  const tick = (isWalking: boolean) => {
    ticks++;
    for (const [index, walker] of walkers.slice(0, joined).entries()) {
      const moves = isWalking && (index + ticks) % 2 === 0;
      walker.tick(moves);
      if (moves) crowd.change(walker.id, { ...walker.place, facing: walker.facing });
    }
    for (const walker of walkers.slice(joined, joined + JOINS)) join(walker);
    joined = Math.min(joined + JOINS, PLAYERS);
    crowd.tick();
    for (const { member } of clients) crowd.arrive(member);
  };
  return { walkers, clients, tick };
}

const shownBy = ({ onlooker }: Member, { id }: Walker) => onlooker.players.get(id);

test.each([
  ["one cell", { left: 1920, top: 1920, width: 160, height: 160 }],
  ["one screen", { left: 1600, top: 1760, width: 960, height: 640 }],
])(
  "with 1500 walking players in %s, clients show the nearest 30 without delay, and the others with a delay of at most 1.5 s",
  (_, area) => {
    const { walkers, clients, tick } = createCrowd(area);
    for (let i = 0; i < WARM_UP; i++) tick(true);
    const ages: number[] = [];
    let oldNearest = 0;
    let samples = 0;
    for (let i = 0; i < MEASURED; i++) {
      tick(true);
      for (const { walker, member } of clients) {
        const others = byDistance(walkers, walker.place).filter((other) => other.walker !== walker);
        // If several players are equally far away, the server may count any of them among the nearest.
        const reach = others[NEAREST]!.square;
        for (const { walker: other, square } of others) {
          const shown = shownBy(member, other);
          if (!shown) continue;
          const isCurrent = shown.x === other.place.x && shown.y === other.place.y;
          if (square < reach && !isCurrent) oldNearest++;
          if (square >= reach) ages.push(other.age(shown));
          samples++;
        }
        expect(shownBy(member, walker)).toMatchObject(walker.place);
      }
    }
    ages.sort((a, b) => a - b);
    expect(samples).toBeGreaterThan((CLIENTS * MEASURED * PLAYERS) / 3);
    expect(oldNearest).toBe(0);
    expect(ages[Math.floor(ages.length * 0.99)]).toBeLessThanOrEqual(TICK_HZ);
    expect(ages.at(-1)).toBeLessThanOrEqual(1.5 * TICK_HZ);

    for (let i = 0; i < 1.5 * TICK_HZ; i++) tick(false);
    for (const { walker, member } of clients) {
      for (const other of walkers) {
        const shown = shownBy(member, other);
        if (shown) expect({ id: other.id, x: shown.x, y: shown.y }).toEqual({ id: other.id, ...other.place });
      }
      expect(shownBy(member, walker)).toBeDefined();
    }
  },
);
