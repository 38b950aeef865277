// A short siege of a real cluster: each kind of attack once, with few clients. `npm run siege -- --cluster` is longer.
import { expect, test } from "@jest/globals";
import { besiegeCluster } from "../../bench/stress/siege/cluster/siege.ts";
import { describeWith } from "../support/requiring.ts";

const PLAYERS = 60;

/** Milliseconds that the siege may take on a busy machine. */
const TIMEOUT_MS = 600_000;

/**
 * Whether a verdict is about a duration. The only duration in the verdicts is the stillness of a client: its longest
 * time without an acknowledged input. The test ignores failed verdicts about durations, because the machine may be
 * busy.
 */
const isTimed = (what: string) => what.includes("stillness");

describeWith("redis", "with Redis", () => {
  describeWith("postgres", "and PostgreSQL", () => {
    test(
      "all clients of a cluster keep their sessions and places when its processes or its Redis fail",
      async () => {
        const progress: string[] = [];
        const verdicts = await besiegeCluster((text) => progress.push(text), {
          processes: 3,
          players: PLAYERS,
          rounds: 1,
          kinds: ["authority", "replica", "pause", "handover", "redis", "cut", "replace"],
        });
        const missed = verdicts.filter(({ what, pass }) => !pass && !isTimed(what));
        expect({ missed, progress: missed.length > 0 ? progress : [] }).toEqual({ missed: [], progress: [] });
        expect(verdicts.filter(({ what }) => isTimed(what)).length).toBeGreaterThan(6);
      },
      TIMEOUT_MS,
    );
  });
});
