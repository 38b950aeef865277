// Loaded into server processes with `node --import`. Fills each new world with BODIES players. These players walk like
// the clients of the load generator, but have no connections. SIGUSR2 makes them stop. Only the authority of a cluster
// has worlds. This agent writes the CPU time of the ticks to BODIES_FOLDER once per second.
import { randomPlayer } from "../../rooms/join-options.ts";
import type { RoomSettings, RoomWorld } from "../../rooms/room-settings.ts";
import { createWorld } from "../../rooms/room-settings.ts";
import { WorldRoom } from "../../rooms/world-room.ts";
import { Player } from "../../schema/player.ts";
import { type Input, inputOfWord } from "../../sim/apply-input.ts";
import { TICK_HZ } from "../../sim/rules.ts";
import { DIRECTIONS, MOVES_HZ } from "../harness/arena.ts";
import { Walk } from "../harness/load/walk.ts";
import { type BodiesFigures, writeBodiesFigures } from "./bodies-figures.ts";

const INPUTS = DIRECTIONS.map((word) => inputOfWord(word)!);

/** Ticks between two moves of a body. */
const PERIOD = TICK_HZ / MOVES_HZ;

/** Bodies that join in one tick. If all bodies joined in the same tick, the first client's join would take too long. */
const JOINS_PER_TICK = 100;

/** A player without a connection. */
interface Walker {
  readonly id: string;
  readonly walk: Walk;
}

const bodies = Number(process.env.BODIES ?? 0);
const folder = process.env.BODIES_FOLDER ?? ".";
const figures: BodiesFigures = { ticks: 0, choosing: 0, game: 0 };
const worlds = new WeakMap<WorldRoom, { world: RoomWorld; walkers: Walker[]; ticks: number }>();
let areWalking = true;
process.on("SIGUSR2", () => {
  areWalking = false;
});

const { onCreate, step } = WorldRoom.prototype;

WorldRoom.prototype.onCreate = function (this: WorldRoom, settings: RoomSettings) {
  let world: RoomWorld | undefined;
  onCreate.call(this, {
    ...settings,
    createWorld: (map, seed, roomId) => {
      world = createWorld({ ...settings, seed }, map, roomId);
      return world;
    },
  });
  worlds.set(this, { world: world!, walkers: [], ticks: 0 });
};

WorldRoom.prototype.step = function (this: WorldRoom) {
  const { world, walkers, ticks } = worlds.get(this)!;
  const count = Math.min(walkers.length + JOINS_PER_TICK, bodies);
  while (walkers.length < count) {
    const seed = walkers.length;
    const [id, player] = [`body-${seed}`, new Player().assign(randomPlayer())];
    world.join(id, player);
    this.state.players.set(id, player);
    walkers.push({ id, walk: new Walk(seed) });
  }
  const start = threadMicroseconds();
  const movers = areWalking ? walkers.filter((_, at) => at % PERIOD === ticks % PERIOD) : [];
  const inputs = movers.map(({ walk }) => INPUTS[walk.next()] as Input);
  if (areWalking) worlds.get(this)!.ticks++;
  const chosen = threadMicroseconds();
  for (const [at, { id }] of movers.entries()) world.queueMove(id, inputs[at]!);
  step.call(this);
  figures.choosing += chosen - start;
  figures.game += threadMicroseconds() - chosen;
  if (figures.ticks++ % TICK_HZ === 0) writeBodiesFigures(folder, figures);
};

/** Returns the CPU time of this thread in microseconds. */
function threadMicroseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
