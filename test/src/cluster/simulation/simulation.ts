// Simulates a whole cluster with one seed: its processes, network, Redis and clients, and random faults.

import { createMap, type WorldMap } from "../../../../sim/map.ts";
import { type Random, seededRandom } from "../../../../sim/random.ts";
import { TICK_MS } from "../../../../sim/rules.ts";
import { comparePlaces, placeName } from "../../../../src/cluster/core/place.ts";
import type { Place } from "../../../../src/cluster/core/ports.ts";
import { Events } from "./events.ts";
import { beginFault, type Faulty } from "./faults.ts";
import { Network } from "./network.ts";
import { Oracle, type RunFigures } from "./oracle.ts";
import type { Plant } from "./planted.ts";
import { Redis } from "./redis.ts";
import { SimClient } from "./sim-client.ts";
import { SimHost } from "./sim-host.ts";
import { SimProcess } from "./sim-process.ts";
import { emptyState, fingerprint } from "./state.ts";

/** The size of a simulation. */
export interface Size {
  readonly processes: number;
  readonly clients: number;
  readonly ticks: number;
  readonly faults: number;
}

/** The default size. */
const SIZE: Size = { processes: 3, clients: 20, ticks: 400, faults: 10 };

/** The time before the first fault, in which all clients join. */
const START_MS = 1500;

/** The time after the last fault within which everything must work normally again. */
const REST_MS = 6000;

/** The time for which a process still counts as disturbed after a disturbance has ended. */
const GRACE_MS = 1500;

/** The longest time that a process takes to prepare rooms, in milliseconds. */
const MAX_PREPARATION_MS = 600;

/** A small map with walls: 12 x 12 tiles. */
const MAP = smallMap();

/** One simulation. */
export class Simulation implements Faulty {
  readonly random: Random;
  /** The milliseconds that each preparation of rooms takes; undefined for random times. */
  preparationMs: number | undefined;
  readonly events = new Events();
  readonly redis: Redis;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly clients: SimClient[] = [];
  readonly #seed: number;
  readonly #size: Size;
  readonly #plant: Plant;
  readonly #log: string[] = [];
  #processes: SimProcess[] = [];
  /** The places of ended processes. `isShared`: whether a process that still runs could know the place. */
  readonly #endedPlaces: { process: string; place: Place; isShared: boolean }[] = [];
  readonly #openedAt = new Map<number, number>();
  readonly #disturbedUntil = new Map<SimProcess, number>();
  #allDisturbedUntil = Number.NEGATIVE_INFINITY;
  #ids = 0;

  constructor(seed: number, plant: Plant = {}, size: Size = SIZE) {
    this.#seed = seed;
    this.#plant = plant;
    this.#size = size;
    this.random = seededRandom(seed);
    const now = () => this.events.now;
    this.redis = new Redis(this.random, now);
    this.network = new Network(this.random, this.events, this.redis);
    plant.redis?.(this.redis);
    this.oracle = new Oracle(now, fingerprint(emptyState(seed)));
  }

  /** The recorded events, with their times. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Runs the whole simulation. @throws {Violation} for the first event that must not happen. */
  run(): RunFigures {
    const { ticks, faults } = this.#size;
    this.begin();
    const duration = ticks * TICK_MS;
    for (let each = 0; each < faults; each++)
      this.events.after(START_MS + this.random(duration - START_MS), () => this.#note(beginFault(this, this.random)));
    this.walkFor(duration, () => {
      if (this.random(20) === 0) this.#disturbClient();
    });
    this.#heal();
    this.#rest();
    return this.oracle.figures;
  }

  /** Starts the processes and the clients. */
  begin(): void {
    const { processes, clients } = this.#size;
    for (let slot = 0; slot < processes; slot++) this.start();
    for (let player = 0; player < clients; player++) this.#addClient(player);
  }

  /** Lets time pass, while the clients walk. */
  walkFor(durationMs: number, afterTick?: () => void): void {
    for (const until = this.events.now + durationMs; this.events.now < until; afterTick?.()) {
      for (const client of this.clients) if (this.random(10) < 8) client.walk();
      this.events.runUntil(this.events.now + TICK_MS);
    }
  }

  /** Starts a process. */
  start(): SimProcess {
    const { events, network, oracle } = this;
    const process: SimProcess = new SimProcess({
      id: this.#makeId("p"),
      events,
      network,
      oracle,
      seed: this.#seed,
      plant: this.#plant,
      makeHost: (owner, link, snapshot, onPublish) =>
        new SimHost({
          process: owner.id,
          link,
          epoch: owner.node.figures.epoch,
          rooms: snapshot?.rooms,
          map: MAP,
          oracle,
          now: () => events.now,
          seed: this.#seed,
          makeToken: () => ++this.#ids,
          openedAt: (connection) => this.#openedAt.get(connection)!,
          onPublish,
        }),
      onReign: (owner, from) => this.#reigns(owner, from),
      preparationMs: () => this.preparationMs ?? this.random(MAX_PREPARATION_MS),
    });
    this.#processes.push(process);
    return process;
  }

  running(): SimProcess[] {
    return this.#processes.filter((process) => process.isRunning && !process.isEnding);
  }

  kill(process: SimProcess, restartMs: number): void {
    this.#note(`${process.id} (${process.node.role}) ends`);
    this.#processes = this.#processes.filter((other) => other !== process);
    const { epoch } = process.place;
    const knew = (other: SimProcess) => other.place.epoch === epoch && !this.#isDisturbed(other);
    const isShared = !this.#isDisturbed(process) && this.#processes.some(knew);
    if (!isShared) for (const ended of this.#endedPlaces) ended.isShared = false;
    this.#endedPlaces.push({ process: process.id, place: process.place, isShared });
    process.end();
    for (const client of this.clients) client.processEnded(process);
    this.events.after(restartMs, () => this.start());
  }

  terminate(process: SimProcess, restartMs: number): void {
    process.isEnding = true;
    process.node.handOver((successor) => {
      this.#note(`${process.id} has handed over to ${successor}`);
      if (successor) this.oracle.figures.handovers++;
      process.replica.closeOver(300, this.random, this.events);
      this.events.after(500, () =>
        process.run(() => {
          process.node.stop();
          this.kill(process, restartMs);
        }),
      );
    });
  }

  disturb(durationMs: number, process?: SimProcess): void {
    const until = this.events.now + durationMs;
    if (process) this.#disturbedUntil.set(process, Math.max(until, this.#disturbedUntil.get(process) ?? 0));
    else this.#allDisturbedUntil = Math.max(until, this.#allDisturbedUntil);
  }

  #isDisturbed(process: SimProcess): boolean {
    const until = Math.max(this.#allDisturbedUntil, this.#disturbedUntil.get(process) ?? 0);
    return this.events.now < until + GRACE_MS;
  }

  #reigns(process: SimProcess, from: Place): void {
    const { epoch } = process.node.figures;
    const isAhead = ({ place }: { place: Place }) => comparePlaces(place, from) > 0;
    const living = this.#processes.filter(isAhead);
    const ended = this.#endedPlaces.filter(isAhead);
    const ahead = [...living.map(({ id, place }) => `${id} is at ${placeName(place)}`)];
    ahead.push(...ended.map((one) => `${one.process} was at ${placeName(one.place)} when it ended`));
    this.#note([`${process.id} is the authority of epoch ${epoch} from ${placeName(from)}`, ...ahead].join("; "));
    // The claimant must find the newest state, unless the claimant, or each process with that state, was unreachable.
    const isExcused =
      this.#isDisturbed(process) ||
      (living.length > 0
        ? living.every((other) => this.#isDisturbed(other))
        : ended.every(({ isShared }) => !isShared));
    this.oracle.reigns(process.id, epoch, from, ahead[0], isExcused);
    // Clears the places, so that they do not count as lost again when the next authority begins.
    this.#endedPlaces.length = 0;
  }

  #addClient(player: number): void {
    const client = new SimClient({
      player,
      random: this.random,
      events: this.events,
      oracle: this.oracle,
      pick: () => {
        const fit = this.#processes.filter(({ isEnding }) => !isEnding);
        return fit[this.random(fit.length)];
      },
      makeId: (kind) => this.#makeId(kind),
      opened: (connection) => this.#openedAt.set(connection, this.events.now),
    });
    this.clients.push(client);
    this.events.after(this.random(START_MS), () => client.connect());
  }

  #disturbClient(): void {
    const client = this.clients[this.random(this.clients.length)]!;
    if (this.random(4) === 0) client.leave();
    else client.drop();
  }

  #heal(): void {
    this.redis.isAway = false;
    Object.assign(this.network, { lossPerThousand: 0, duplicatesPerThousand: 0, delayMs: 2 });
    for (const process of this.#processes) {
      Object.assign(process.connection, { isCut: false, isDeaf: false, requestDelayMs: 0 });
      process.goOn(this.random(2) === 0);
    }
    this.#note("everything is well again");
  }

  /** Waits, and then checks that all processes agree, and that each player is in the world once and can walk. */
  #rest(): void {
    this.walkFor(REST_MS - 1000);
    const before = this.clients.map(({ applied }) => applied);
    this.walkFor(1000);
    const { oracle } = this;
    const authorities = this.#processes.filter(({ node }) => node.role === "authority");
    if (authorities.length !== 1) oracle.fail(`there are ${authorities.length} authorities`);
    const { place } = authorities[0]!;
    for (const process of this.#processes) {
      const lag = place.number - process.place.number;
      if (process.place.epoch !== place.epoch || Math.abs(lag) > 2)
        oracle.fail(`${process.id} is at ${placeName(process.place)}, the authority at ${placeName(place)}`);
    }
    const players = [...authorities[0]!.replica.state.players.values()];
    for (const [player, client] of this.clients.entries()) {
      const bodies = players.filter((one) => one.player === player).length;
      if (bodies !== 1) oracle.fail(`player ${player} has ${bodies} bodies`);
      if (!client.isIn) oracle.fail(`player ${player} is not in the world`);
      if (client.openConnections !== 1) oracle.fail(`player ${player} has ${client.openConnections} connections`);
      if (client.applied <= before[player]!) oracle.fail(`player ${player} cannot walk`);
    }
  }

  #note(what: string): void {
    this.#log.push(`${this.events.now.toFixed(1)}: ${what}`);
  }

  #makeId(kind: string): string {
    return `${kind}${++this.#ids}`;
  }
}

function smallMap(): WorldMap {
  const cells = 48;
  const isWall = (x: number, y: number) =>
    x === 0 || y === 0 || x === cells - 1 || y === cells - 1 || (x % 12 === 6 && y % 8 < 5);
  const solid = Array.from({ length: cells }, (_, y) =>
    Array.from({ length: cells }, (__, x) => (isWall(x, y) ? "#" : ".")).join(""),
  );
  const spawns = [16, 112, 208].flatMap((x) => [32, 128, 224].map((y) => ({ x: x + 16, y })));
  return createMap({ name: "small", width: 384, height: 384, solid, spawns, objects: [] });
}
