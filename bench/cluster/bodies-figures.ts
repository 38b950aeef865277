// The figures that bodies-agent.ts writes to a file, and measure.ts reads.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The CPU time of the ticks of a process since its start, in microseconds. */
export interface BodiesFigures {
  ticks: number;
  /** The time in which the bodies' moves are chosen. Clients would do this work themselves. */
  choosing: number;
  /** The rest of the ticks. */
  game: number;
}

const fileOf = (folder: string, pid: number) => join(folder, `bodies-${pid}.json`);

/** Writes the figures of this process. */
export function writeBodiesFigures(folder: string, figures: BodiesFigures): void {
  const file = fileOf(folder, process.pid);
  // A reader never sees an incomplete file.
  writeFileSync(`${file}.new`, JSON.stringify(figures));
  renameSync(`${file}.new`, file);
}

/** Returns the last figures of the process `pid`. The figures are 0 if the process had no tick. */
export function readBodiesFigures(folder: string, pid: number): BodiesFigures {
  const file = fileOf(folder, pid);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { ticks: 0, choosing: 0, game: 0 };
}
