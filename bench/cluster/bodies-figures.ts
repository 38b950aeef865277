// The figures that bodies-agent.ts writes to a file, and measure.ts reads.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The number of ticks of a process since its start, and their CPU time in microseconds. */
export interface BodiesFigures {
  ticks: number;
  /** CPU time for choosing the bodies' moves. Real clients choose their own moves. */
  choosing: number;
  /** CPU time of everything else in the ticks. */
  game: number;
}

const fileOf = (folder: string, pid: number) => join(folder, `bodies-${pid}.json`);

/** Writes the figures of this process. */
export function writeBodiesFigures(folder: string, figures: BodiesFigures): void {
  const file = fileOf(folder, process.pid);
  // Writes to another file and renames it, so a reader never sees an incomplete file.
  writeFileSync(`${file}.new`, JSON.stringify(figures));
  renameSync(`${file}.new`, file);
}

/** Returns the last figures of the process `pid`. The figures are 0 if the process had no tick. */
export function readBodiesFigures(folder: string, pid: number): BodiesFigures {
  const file = fileOf(folder, pid);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { ticks: 0, choosing: 0, game: 0 };
}
