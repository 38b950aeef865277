// Runs once after all tests, even if tests failed. Removes the shared folder of the run.
import { rmSync } from "node:fs";
import { runFolder } from "./run-folder.ts";

export default function tearDown(): void {
  // jest calls this function once per project of its configuration, so the folder may be removed already.
  rmSync(runFolder(), { recursive: true, force: true });
}
