// A simulated process: its node, its rooms and its timers. It may stop, resume and end.

import { TICK_MS } from "../../../../sim/rules.ts";
import { ClusterNode } from "../../../../src/cluster/core/node.ts";
import { placeName } from "../../../../src/cluster/core/place.ts";
import type { Bus, HostLink, Place, ProcessId, Snapshot } from "../../../../src/cluster/core/ports.ts";
import type { Events } from "./events.ts";
import type { Connection, Network } from "./network.ts";
import type { Oracle } from "./oracle.ts";
import type { Plant } from "./planted.ts";
import type { SimHost } from "./sim-host.ts";
import { SimReplica } from "./sim-replica.ts";

const ADVANCE_MS = 10;

interface SimProcessOptions {
  readonly id: ProcessId;
  readonly events: Events;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly seed: number;
  readonly plant: Plant;
  /** Creates the rooms of this process. */
  readonly makeHost: (
    process: SimProcess,
    link: HostLink,
    snapshot: Snapshot | undefined,
    onPublish: (changes: Uint8Array, rooms: number) => void,
  ) => SimHost;
  /** Called when the process becomes the authority. `from` is the place from which the process continues. */
  readonly onReign: (process: SimProcess, from: Place) => void;
  /** Returns the milliseconds that the next preparation of rooms takes. */
  readonly preparationMs: () => number;
}

/** One process, from its start to its end. */
export class SimProcess {
  readonly id: ProcessId;
  readonly node: ClusterNode;
  readonly connection: Connection;
  readonly #options: SimProcessOptions;
  #replica: SimReplica | undefined;
  /** The fingerprint of the rooms after each publication. The keys are the published changes. */
  readonly #published = new WeakMap<Uint8Array, number>();
  #backlog: (() => void)[] = [];
  #checkedPlace = "0/0";
  /** The snapshot of the prepared rooms. */
  #prepared: Snapshot | undefined;
  #isStopped = false;
  /** Called when the process has stopped in the middle of a tick. */
  #onStoppedInTick: (() => void) | undefined;
  /** The rest of the tick in which the process has stopped. */
  #restOfTick: (() => void) | undefined;
  isEnded = false;
  isEnding = false;

  constructor(options: SimProcessOptions) {
    this.#options = options;
    const { id, network, events, oracle, seed, plant } = options;
    this.id = id;
    const run = (action: () => void) => this.run(action);
    this.connection = network.connect(id, run, (message) =>
      this.node.receive(plant.receive ? plant.receive(message, this.place) : message),
    );
    const lease = network.lease(this.connection);
    this.node = new ClusterNode({
      process: id,
      clock: () => events.now,
      bus: this.#watch(network.bus(this.connection)),
      lease: plant.lease?.(id, lease) ?? lease,
      createHost: (link, snapshot) => this.#createHost(link, snapshot),
      prepareHost: (snapshot, done) => {
        this.#prepared = snapshot;
        events.after(this.#options.preparationMs(), () => this.run(done));
        return () => {
          this.#prepared = undefined;
        };
      },
      createReplica: (link) => {
        this.#replica = new SimReplica(link, seed);
        return plant.replica?.(this.#replica) ?? this.#replica;
      },
    });
    oracle.has(id, this.node.figures.place, this.replica.fingerprint());
    this.#advanceLater();
  }

  get replica(): SimReplica {
    return this.#replica!;
  }

  /** Whether the process runs at the moment. */
  get isRunning(): boolean {
    return !this.isEnded && !this.#isStopped;
  }

  /** Whether the process prepares rooms, or has prepared them. */
  get isPreparing(): boolean {
    return this.#prepared !== undefined;
  }

  /** The place of the process's mirrored state. */
  get place(): Place {
    return this.node.figures.place;
  }

  /** Runs an action in the process at once, or as soon as the process resumes from a stop. */
  run(action: () => void): void {
    if (this.isEnded) return;
    if (this.#isStopped) {
      this.#backlog.push(action);
      return;
    }
    action();
    this.#check();
  }

  /** Stops the process, as SIGSTOP does. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Stops the process in the middle of the next tick of its rooms. */
  stopInTick(onStopped: () => void): void {
    this.#onStoppedInTick = onStopped;
  }

  /** Lets the process go on. Either its timers run first, or everything that has arrived is handled first. */
  goOn(areTimersFirst: boolean): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const backlog = this.#backlog.splice(0);
    const rest = this.#restOfTick;
    this.#restOfTick = undefined;
    if (rest) this.run(rest);
    if (areTimersFirst) this.run(() => this.node.advance());
    for (const action of backlog) this.run(action);
  }

  /** Ends the process, as SIGKILL does. */
  end(): void {
    this.isEnded = true;
    this.#options.network.disconnect(this.id);
  }

  #watch(bus: Bus): Bus {
    const { oracle, plant, id } = this.#options;
    return {
      send: (message, to) => {
        if (message.type === "snapshot") oracle.has(id, message.place, this.replica.fingerprint(), message.sessions);
        bus.send(message, to);
      },
      publish: (message, taken) => {
        oracle.publishes(message, message.changes && this.#published.get(message.changes));
        bus.publish(plant.publish?.(message) ?? message, taken);
      },
    };
  }

  #createHost(link: HostLink, newest: Snapshot | undefined): SimHost {
    const { oracle, onReign, makeHost, plant } = this.#options;
    const snapshot = plant.snapshot ? plant.snapshot(newest, this.#prepared) : newest;
    this.#prepared = undefined;
    const from = this.place;
    onReign(this, from);
    const host = makeHost(this, link, snapshot, (changes, rooms) => this.#published.set(changes, rooms));
    oracle.has(this.id, from, host.fingerprint(), snapshot?.sessions ?? []);
    this.#tickLater(host, link);
    return host;
  }

  #tickLater(host: SimHost, link: HostLink): void {
    this.#options.events.after(TICK_MS, () =>
      this.run(() => {
        if (host.isEnded) return;
        if (link.isAuthority) this.#tick(host, () => this.#tickLater(host, link));
        else this.#tickLater(host, link);
      }),
    );
  }

  #tick(host: SimHost, done: () => void): void {
    const tick = () => {
      host.tick();
      done();
    };
    const onStopped = this.#onStoppedInTick;
    this.#onStoppedInTick = undefined;
    if (onStopped) {
      this.#restOfTick = tick;
      this.stop();
      onStopped();
    } else tick();
  }

  #advanceLater(): void {
    this.#options.events.after(ADVANCE_MS, () => {
      if (this.isEnded) return;
      if (!this.#isStopped) this.run(() => this.node.advance());
      this.#advanceLater();
    });
  }

  /** Compares the mirrored rooms with those that were published. */
  #check(): void {
    const { place } = this.node.figures;
    const name = placeName(place);
    if (name === this.#checkedPlace) return;
    this.#checkedPlace = name;
    this.#options.oracle.has(this.id, place, this.replica.fingerprint());
  }
}
