// What a siege was to show, what came out, and whether that will do.
import type { Machine } from "../../harness/machine.ts";

/** One line of a siege's goal. */
export interface Verdict {
  siege: string;
  what: string;
  goal: string;
  measured: string;
  pass: boolean;
}

/** The verdicts as a Markdown table, and what they were found on. `notes`: what is to be known besides. */
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
