// Measures the cost of recording a world's inputs: `npm run bench:replay`. It uses no sockets. The same players walk in
// a world that is recorded and in a world that is not, and the difference is the cost.
import { readFileSync } from "node:fs";
import { readRecording } from "../replay/format.ts";
import { play } from "../replay/outcome.ts";
import { RecordedWorld, type Recordings } from "../replay/recorded-world.ts";
import { BLANK_INPUT } from "../schema/move-input.ts";
import { Player } from "../schema/player.ts";
import { readMap } from "../sim/map.ts";
import { seededRandom } from "../sim/random.ts";
import { TICK_HZ } from "../sim/rules.ts";

const PLAYERS = 1500;
/** Inputs per second of each player. */
const INPUTS_HZ = 10;
const MINUTES = 6;
/** Ticks of a run. It ends one tick before a full minute, when the recorder's buffer is at its largest. */
const TICKS = MINUTES * 60 * TICK_HZ - 1;

const MAP = readMap("meadow", JSON.parse(readFileSync(new URL("../maps/meadow.tmj", import.meta.url), "utf8")));

/** Runs of each kind, alternately. The lowest CPU time counts, because other load on the machine only adds to it. */
const ROUNDS = 3;

interface Run {
  /** CPU time in milliseconds, including garbage collection and the choice of the players' directions. */
  cpu: number;
  /** The duration of each tick in milliseconds, including its moves and inputs. */
  ticks: number[];
  file: Uint8Array;
}

/** Runs a world in which half of the players walk by `move` and half by predicted inputs. */
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
/** Returns the median duration of the ticks at the end of each period, over all rounds. */
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
