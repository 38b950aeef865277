// Reads maps that are damaged at random. The reader must read each map, or refuse it and say why, and use little
// time and memory. FUZZ_MAPS sets the number of maps of a run. FUZZ_SEED sets the seed of the random numbers. Without
// FUZZ_SEED, every run reads the same maps; `npm run fuzz:maps` reads different maps in each run.
import { expect, test } from "@jest/globals";
import { report, trial } from "../../bench/stress/map-fuzz/trial.ts";
import { shortOrLong } from "../support/long.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const MAPS = Number(process.env.FUZZ_MAPS ?? shortOrLong(1000, 20_000));

test("the reader either reads or refuses each of many damaged maps, and uses little time and memory", async () => {
  const outcome = await trial({ seed: SEED, maps: MAPS });
  process.stderr.write(`seed ${SEED}\n${report(outcome)}`);
  expect({ seed: SEED, faults: outcome.faults }).toEqual({ seed: SEED, faults: [] });
  const refused = Object.values(outcome.refused).reduce((sum, count) => sum + count, 0);
  expect(outcome.loaded + refused).toBe(MAPS);
  // The damage would be too small to test much if nearly all maps were read, and too large if nearly all were refused.
  expect(Math.min(outcome.loaded, refused)).toBeGreaterThan(MAPS / 10);
});
