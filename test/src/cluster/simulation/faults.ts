// The faults of a simulation. Each fault begins at a random moment, and ends after a while.
import type { Random } from "../../../../sim/random.ts";
import type { Events } from "./events.ts";
import type { Network } from "./network.ts";
import type { Redis } from "./redis.ts";
import type { SimClient } from "./sim-client.ts";
import type { SimProcess } from "./sim-process.ts";

/** The parts of a simulation that faults change. */
export interface Faulty {
  readonly events: Events;
  readonly network: Network;
  readonly redis: Redis;
  readonly clients: readonly SimClient[];
  /** Returns the processes that run and are not about to end. */
  running(): SimProcess[];
  /**
   * Marks a process as disturbed for a while, or all processes if no process is given. A rollback is not a violation if
   * the disturbance explains it.
   */
  disturb(durationMs: number, process?: SimProcess): void;
  /** Kills a process, and starts another one later. */
  kill(process: SimProcess, restartMs: number): void;
  /** Ends a process as SIGTERM does: the process hands over, closes its connections, and ends. */
  terminate(process: SimProcess, restartMs: number): void;
}

/** Begins a fault. @returns false if the fault cannot begin at the moment. */
type Fault = (simulation: Faulty, random: Random) => boolean;

/** A fault of one process. `begin` returns the milliseconds after which the process works normally again. */
const ofProcess =
  (begin: (process: SimProcess, simulation: Faulty, random: Random) => number): Fault =>
  (simulation, random) => {
    const process = victim(simulation, random);
    if (process) simulation.disturb(begin(process, simulation, random), process);
    return process !== undefined;
  };

/** A fault of the whole network. It lasts up to about two seconds. `begin` returns a function that ends the fault. */
const ofNetwork =
  (begin: (simulation: Faulty, random: Random) => () => void): Fault =>
  (simulation, random) => {
    const duration = 100 + random(2000);
    simulation.events.after(duration, begin(simulation, random));
    simulation.disturb(duration);
    return true;
  };

/** A fault that ends a process. It can begin only if another process has a state. */
const ending =
  (end: (process: SimProcess, simulation: Faulty, random: Random) => void): Fault =>
  (simulation, random) => {
    const process = victim(simulation, random);
    const others = simulation.running().filter((other) => other !== process && other.place.epoch > 0);
    if (!process || others.length === 0) return false;
    end(process, simulation, random);
    return true;
  };

const FAULTS: Readonly<Record<string, Fault>> = {
  kill: ending((process, simulation, random) => simulation.kill(process, 200 + random(4000))),
  handOver: ending((process, simulation, random) => simulation.terminate(process, 200 + random(4000))),
  stop: ofProcess((process, { events }, random) => {
    const duration = 100 + random(random(2) === 0 ? 1500 : 6000);
    const goOn = () => events.after(duration, () => process.goOn(random(2) === 0));
    if (process.node.role === "authority" && random(2) === 0) process.stopInTick(goOn);
    else {
      process.stop();
      goOn();
    }
    return duration + 200;
  }),
  cut: ofProcess(({ connection }, { events }, random) => {
    const duration = 100 + random(3000);
    connection.isCut = true;
    events.after(duration, () => {
      connection.isCut = false;
    });
    return duration;
  }),
  deafen: ofProcess(({ connection }, { events }, random) => {
    const duration = 20 + random(2000);
    connection.isDeaf = true;
    events.after(duration, () => {
      connection.isDeaf = false;
    });
    return duration;
  }),
  delayRequests: ofProcess(({ connection }, { events }, random) => {
    const duration = 100 + random(1000);
    connection.requestDelayMs = 50 + random(1500);
    const total = duration + connection.requestDelayMs;
    events.after(duration, () => {
      connection.requestDelayMs = 0;
    });
    return total;
  }),
  loseMessages: ofNetwork(({ network }, random) => {
    network.lossPerThousand = 1 + random(200);
    return () => {
      network.lossPerThousand = 0;
    };
  }),
  duplicateMessages: ofNetwork(({ network }) => {
    network.duplicatesPerThousand = 500;
    return () => {
      network.duplicatesPerThousand = 0;
    };
  }),
  delayMessages: ofNetwork(({ network }, random) => {
    const { delayMs } = network;
    network.delayMs = 10 + random(150);
    return () => {
      network.delayMs = delayMs;
    };
  }),
  redisAway: ofNetwork(({ redis }, random) => {
    redis.isAway = true;
    const isEmptied = random(2) === 0;
    return () => {
      redis.isAway = false;
      if (isEmptied) redis.empty();
    };
  }),
  redisEmptied: (simulation) => {
    simulation.redis.empty();
    simulation.disturb(0);
    return true;
  },
  clockJump: (simulation, random) => {
    simulation.redis.jump(random(10_000) - 5000);
    simulation.disturb(5000);
    return true;
  },
  claimTwice: ({ clients }, random) => {
    for (let each = 0; each < 5; each++) clients[random(clients.length)]!.dropAndClaimTwice();
    return true;
  },
};

const NAMES = Object.keys(FAULTS);

/** Begins a random fault that is possible at the moment. @returns its name. */
export function beginFault(simulation: Faulty, random: Random): string {
  for (;;) {
    const name = NAMES[random(NAMES.length)]!;
    if (FAULTS[name]!(simulation, random)) return name;
  }
}

/** Returns a random process. At least half of the time it is the authority, where most faults have worse effects. */
function victim(simulation: Faulty, random: Random): SimProcess | undefined {
  const running = simulation.running();
  const authority = running.find(({ node }) => node.role === "authority");
  return authority && random(2) === 0 ? authority : running[random(running.length)];
}
