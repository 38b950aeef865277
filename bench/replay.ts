// What it costs to keep a world's inputs: `npm run bench:replay`. No sockets: the same crowd walks in a world that is
// recorded and in one that is not, and what differs is the price.
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
/** Of each player, a second. */
const INPUTS_HZ = 10;
const MINUTES = 6;
/** Of the last minutes, as the ring holds them when it is fullest: just before it forgets. */
const TICKS = MINUTES * 60 * TICK_HZ - 1;

const MAP = readMap("meadow", JSON.parse(readFileSync(new URL("../maps/meadow.tmj", import.meta.url), "utf8")));

/** How often each is run, in turn; the least counts, since whatever else the machine does only adds to it. */
const ROUNDS = 3;

interface Run {
  /** Milliseconds of the processor, collecting garbage included, of which making the crowd's mind up is some. */
  cpu: number;
  /** Milliseconds of each tick, moves and inputs included. */
  ticks: number[];
  file: Uint8Array;
}

/** Half of the crowd walks by `move`, half by predicted inputs. */
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
    const since = performance.now();
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
    ticks.push(performance.now() - since);
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
/** The median of the ticks at the end of each period, over all rounds. */
const typical = (period: number) => {
  const times = runs
    .flatMap(({ recorded }) => recorded.ticks.filter((_, tick) => (tick + 1) % period === 0))
    .sort((a, b) => a - b);
  return `${times[times.length >> 1]!.toFixed(2)} ms`;
};
console.log(`${PLAYERS} players, ${INPUTS_HZ} inputs a second each, ${MINUTES} minutes`);
console.log(
  `a tick           ${(extra / TICKS).toFixed(3)} ms more of the processor, ${((extra / TICKS) * (TICK_HZ / 10)).toFixed(2)} % of a core`,
);
console.log(
  `in one piece     ${typical(1)} a tick, ${typical(TICK_HZ)} with its second's check, ${typical(60 * TICK_HZ)} with its minute's snapshot`,
);
console.log(
  `bytes            ${Math.round(perMinute / PLAYERS)} per player-minute, ${(perMinute / 1e6).toFixed(1)} MB a minute`,
);
console.log(
  `the ring         ${((perMinute * 3) / 1e6).toFixed(1)} MB at most: it keeps two minutes, and forgets one at a time`,
);
const since = performance.now();
const { divergence, fault } = play(readRecording(file), MAP);
const took = ((performance.now() - since) / 1000).toFixed(1);
console.log(`played again     in ${took} s, ${divergence || fault ? "and NOT the same" : "the same to the last hash"}`);
