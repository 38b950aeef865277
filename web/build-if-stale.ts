// Builds the page if it was never built, or if one of its sources is newer than the build.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILT = "dist/index.html";
const SOURCES = ["web", "schema", "sim", "replay", "vite.config.ts", "package-lock.json"];

const times = SOURCES.flatMap((source) => changeTimes(join(ROOT, source)));
if (Math.max(...times) > Math.max(0, ...changeTimes(join(ROOT, BUILT)))) {
  console.log("building the page, because its sources have changed");
  // Imported here, because loading Vite takes longer than all of the above.
  const { build } = await import("vite");
  await build({ configFile: join(ROOT, "vite.config.ts"), logLevel: "warn" });
}

/** Returns when a file, or each file below a folder, was last written. Returns no times if the path does not exist. */
function changeTimes(path: string): number[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) return [];
  if (!entry.isDirectory()) return [entry.mtimeMs];
  return readdirSync(path).flatMap((name) => changeTimes(join(path, name)));
}
