// Sends thousands of hostile frames and requests while honest players walk: the server must not fail, stall or leak.
// FUZZ_FRAMES sets the number of frames of a run. FUZZ_SEED sets the seed of the random numbers. Without FUZZ_SEED,
// every run sends the same frames; `npm run fuzz` sends different frames in each run.
import { expect, test } from "@jest/globals";
import { OPEN_DOOR, report, trial } from "../../bench/stress/fuzz/trial.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 10_000);

/**
 * The number of frames for the server that has limits per address. It is smaller than FRAMES, because this server
 * refuses most connections.
 */
const LIMITED_FRAMES = FRAMES / 10;

const ATTACKS: [limits: string, frames: number, environment: Record<string, string>][] = [
  ["no limits per address", FRAMES, OPEN_DOOR],
  ["the production limits per address", LIMITED_FRAMES, {}],
];

test.each(ATTACKS)(
  "a server with %s does not fail, stall or leak when it gets many hostile frames and requests",
  async (_limits, frames, environment) => {
    const outcome = await trial({ seed: SEED, frames, environment });
    process.stderr.write(`seed ${SEED}\n${report(outcome)}`);
    expect({ seed: SEED, faults: outcome.faults }).toEqual({ seed: SEED, faults: [] });
    expect(outcome.counters.frames).toBeGreaterThanOrEqual(frames);
  },
  300_000 + FRAMES * 10,
);
