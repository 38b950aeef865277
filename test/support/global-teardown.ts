// Runs once after all tests, also after those that fail: removes what the files of the run shared.
import { rmSync } from "node:fs";
import { runFolder } from "./run-folder.ts";

export default function tearDown(): void {
  // Each project of the configuration calls this.
  rmSync(runFolder(), { recursive: true, force: true });
}
