// Builds the page if it was never built, or if one of its sources is newer than the build.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILT = "dist/index.html";
const SOURCES = ["web", "client", "schema", "sim", "replay", "vite.config.ts", "package-lock.json"];

const times = SOURCES.flatMap((source) => changeTimes(join(ROOT, source)));
if (Math.max(...times) > Math.max(0, ...changeTimes(join(ROOT, BUILT)))) {
  console.log("building the page, because its sources have changed");
  // Vite is imported only if it is needed, because loading it takes longer than the check above.
  const { build } = await import("vite");
  await build({ configFile: join(ROOT, "vite.config.ts"), logLevel: "warn" });
}

/**
 * Returns the time of the last change of each file at or below a path. If the path does not exist, the list is empty.
 */
function changeTimes(path: string): number[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) return [];
  if (!entry.isDirectory()) return [entry.mtimeMs];
  return readdirSync(path).flatMap((name) => changeTimes(join(path, name)));
}
