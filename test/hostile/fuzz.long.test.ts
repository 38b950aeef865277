// Sends thousands of hostile frames and requests while honest players walk: the server must not fail, stall or leak.
// `npm run fuzz` does the same for any length. FUZZ_SEED repeats a run, FUZZ_FRAMES makes it longer.
import { expect, test } from "@jest/globals";
import { OPEN_DOOR, report, trial } from "../../bench/stress/fuzz/trial.ts";
import { shortOrLong } from "../support/long.ts";

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const FRAMES = Number(process.env.FUZZ_FRAMES ?? shortOrLong(3000, 20_000));

/** Fewer frames for the attack with limits per address, because the server refuses most of its connections. */
const LIMITED_FRAMES = FRAMES / 10;

const ATTACKS: [limits: string, frames: number, environment: Record<string, string>][] = [
  ["no limits per address", FRAMES, OPEN_DOOR],
  ["the production limits per address", LIMITED_FRAMES, {}],
];

test.each(ATTACKS.slice(0, shortOrLong(1, 2)))(
  "a server with %s withstands an attack",
  async (_limits, frames, environment) => {
    const outcome = await trial({ seed: SEED, frames, environment });
    process.stderr.write(`seed ${SEED}\n${report(outcome)}`);
    expect({ seed: SEED, faults: outcome.faults }).toEqual({ seed: SEED, faults: [] });
    expect(outcome.counters.frames).toBeGreaterThanOrEqual(frames);
  },
  300_000 + FRAMES * 10,
);
