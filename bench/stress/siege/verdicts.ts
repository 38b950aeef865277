// The verdicts of a stress test: goal, measured result, and whether the goal was met.
import type { Machine } from "../../harness/machine.ts";

/** One goal of a stress test and its result. */
export interface Verdict {
  siege: string;
  what: string;
  goal: string;
  measured: string;
  pass: boolean;
}

/**
 * Returns the verdicts as a Markdown table, followed by the machine and the command.
 * @param notes remarks about the run as a whole.
 */
export function verdictTable(verdicts: readonly Verdict[], machine: Machine, notes: readonly string[]): string {
  const { cpu, cores, kernel, node, commit, date, command } = machine;
  const rows = verdicts.map(({ siege, what, goal, measured, pass }) => [
    siege,
    what,
    goal,
    measured,
    pass ? "PASS" : "FAIL",
  ]);
  const titles = ["siege", "what", "goal", "measured", "verdict"];
  return `${[
    [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n"),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join("\n")] : []),
    `\`${command}\` at commit ${commit}, ${date}; ${cpu}, ${cores} cores, ${kernel}, Node ${node}.`,
  ].join("\n\n")}\n`;
}
