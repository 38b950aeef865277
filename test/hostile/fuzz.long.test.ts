// Hostile frames and requests by the thousand, while honest players walk about: nothing breaks, nothing freezes, nothing
// stays behind. `npm run fuzz` does the same at any length. FUZZ_SEED repeats a run, FUZZ_FRAMES makes it longer.
import { expect, test } from "@jest/globals";
import { OPEN_DOOR, report, trial } from "../../bench/stress/fuzz/trial.ts";
import { shortOrLong } from "../support/long.ts";

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const FRAMES = Number(process.env.FUZZ_FRAMES ?? shortOrLong(3000, 20_000));

/** Of the attack from addresses that have limits: most of it is refused at the door. */
const LIMITED_FRAMES = FRAMES / 10;

const ATTACKS: [how: string, frames: number, environment: Record<string, string>][] = [
  ["let in as often as it likes", FRAMES, OPEN_DOOR],
  ["with the limits per address that production has", LIMITED_FRAMES, {}],
];

test.each(ATTACKS.slice(0, shortOrLong(1, 2)))(
  "an attack, %s, harms nobody",
  async (_how, frames, environment) => {
    const outcome = await trial({ seed: SEED, frames, environment });
    process.stderr.write(`seed ${SEED}\n${report(outcome)}`);
    expect({ seed: SEED, faults: outcome.faults }).toEqual({ seed: SEED, faults: [] });
    expect(outcome.edgeCounters.frames).toBeGreaterThanOrEqual(frames);
  },
  300_000 + FRAMES * 10,
);
