// The verdicts on the walkers. Walkers are the players that an attack does not target.
import type { WindowFigures } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

/** The highest allowed p99 latency of the walkers during an attack, as a multiple of the latency before it. */
const GOAL = 1.5;

/**
 * Returns the verdicts on the latency and the disconnections of the walkers.
 * @param siege the name of the stress test.
 * @param losses the result of `Field.losses` after the attack.
 */
export function bystanderVerdicts(
  siege: string,
  walkers: number,
  before: WindowFigures,
  during: WindowFigures,
  losses: readonly string[],
): Verdict[] {
  const ratio = during.p99 / before.p99;
  const latencyOf = ({ p99, p50 }: WindowFigures) => `${p99.toFixed(0)} ms (p50 ${p50.toFixed(0)})`;
  return [
    {
      siege,
      what: `p99 latency of ${walkers} walkers from a move to the frame that shows it`,
      goal: `at most ${GOAL} x before`,
      measured: `${ratio.toFixed(2)} x: ${latencyOf(before)}, then ${latencyOf(during)}; ${before.moves} and ${during.moves} moves`,
      pass: ratio <= GOAL,
    },
    {
      siege,
      what: "disconnected walkers",
      goal: "0",
      measured: `${losses.length}${losses.length > 0 ? `; the first: ${losses[0]}` : ""}`,
      pass: losses.length === 0,
    },
  ];
}
