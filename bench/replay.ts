// Measures the CPU cost of recording a world's inputs: `npm run bench:replay`. It uses no sockets. The same players
// walk in a world with recording and in a world without it. The difference in CPU time is the cost.
import { fileURLToPath } from "node:url";
import { readRecording } from "../replay/format.ts";
import { play } from "../replay/outcome.ts";
import { RecordedWorld, type Recordings } from "../replay/recorded-world.ts";
import { BLANK_INPUT } from "../schema/move-input.ts";
import { Player } from "../schema/player.ts";
import { seededRandom } from "../sim/random.ts";
import { TICK_HZ } from "../sim/rules.ts";
import { loadMap } from "../src/maps/load-map.ts";

const PLAYERS = 1500;
/** Inputs per second of each player. */
const INPUTS_HZ = 10;
const MINUTES = 6;
/** Ticks of a run. A run ends one tick before a full minute, because the recorder's buffer is then at its largest. */
const TICKS = MINUTES * 60 * TICK_HZ - 1;

const { map: MAP } = loadMap("meadow", fileURLToPath(new URL("../maps", import.meta.url)));

/**
 * The number of runs with recording, and the number of runs without it. Both kinds alternate. Of each kind, only the
 * run with the lowest CPU time counts, because other programs have disturbed it the least.
 */
const ROUNDS = 3;

interface Run {
  /** CPU time in milliseconds, including garbage collection and the choice of the players' directions. */
  cpu: number;
  /** The duration of each tick in milliseconds, including its moves and inputs. */
  ticks: number[];
  file: Uint8Array;
}

/** Runs a world. Half of the players walk by queued moves, and the other half by predicted inputs. */
function run(isRecorded: boolean): Run {
  const chunks: Uint8Array[] = [];
  const recordings: Recordings = {
    begin: () => ({ write: (bytes) => void chunks.push(bytes), end: async () => {} }),
    keep: () => {},
  };
  const world = new RecordedWorld(MAP, 1, { recordings: isRecorded ? recordings : undefined, blankInput: BLANK_INPUT });
  const random = seededRandom(2);
  const ids = Array.from({ length: PLAYERS }, (_, index) => `session${index}`);
  for (const id of ids) world.join(id, new Player().assign({ name: `player ${id}` }));
  const directions = new Map(ids.map((id) => [id, 1 + random(4)]));
  const queued = new Map<string, number>();
  const ticks: number[] = [];
  const cpu = process.cpuUsage();
  for (let tick = 0; tick < TICKS; tick++) {
    for (const id of ids) if (random(20) === 0) directions.set(id, 1 + random(4));
    const startedAt = performance.now();
    for (let index = tick % (TICK_HZ / INPUTS_HZ); index < PLAYERS; index += TICK_HZ / INPUTS_HZ) {
      const id = ids[index]!;
      if (index % 4 < 2) world.queueMove(id, { direction: directions.get(id)! });
      else queued.set(id, directions.get(id)!);
    }
    world.tick((id) => {
      const direction = queued.get(id);
      if (direction === undefined) return undefined;
      queued.delete(id);
      return { direction };
    });
    ticks.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(cpu);
  void world.end();
  return { cpu: (user + system) / 1000, ticks, file: Buffer.concat(chunks) };
}

run(true);
const runs = Array.from({ length: ROUNDS }, () => ({ plain: run(false), recorded: run(true) }));
const cpuOf = (kind: "plain" | "recorded") => Math.min(...runs.map((round) => round[kind].cpu));
const extra = cpuOf("recorded") - cpuOf("plain");
const { file } = runs[0]!.recorded;
const perMinute = file.length / MINUTES;
/** Returns the median duration of every `period`-th tick, over all runs with recording. */
const typical = (period: number) => {
  const times = runs
    .flatMap(({ recorded }) => recorded.ticks.filter((_, tick) => (tick + 1) % period === 0))
    .sort((a, b) => a - b);
  return `${times[times.length >> 1]!.toFixed(2)} ms`;
};
console.log(`${PLAYERS} players, ${INPUTS_HZ} inputs per second each, ${MINUTES} minutes`);
console.log(
  `CPU of recording ${(extra / TICKS).toFixed(3)} ms per tick, ${((extra / TICKS) * (TICK_HZ / 10)).toFixed(2)} % of a core`,
);
console.log(
  `tick duration    median ${typical(1)}, ${typical(TICK_HZ)} with the hash of a second, ${typical(60 * TICK_HZ)} with the snapshot of a minute`,
);
console.log(
  `size             ${Math.round(perMinute / PLAYERS)} bytes per player-minute, ${(perMinute / 1e6).toFixed(1)} MB per minute`,
);
console.log(
  `buffer           up to ${((perMinute * 3) / 1e6).toFixed(1)} MB: it keeps two minutes and discards one minute at a time`,
);
const startedAt = performance.now();
const { divergence, fault } = play(readRecording(file), MAP);
const took = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`replay           ${took} s; ${divergence || fault ? "the hashes DIFFER" : "all hashes are equal"}`);
