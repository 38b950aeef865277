// A process that opens the store in a folder as a server would, but without root privileges. Prints any error.
import { spawnSync } from "node:child_process";
import { openServerStore } from "../../../src/store/open.ts";

if (process.getuid?.() === 0) {
  process.setuid!(Number(spawnSync("id", ["-u", "nobody"], { encoding: "utf8" }).stdout));
}
try {
  await (await openServerStore({ dataDir: process.argv[2]! })).close();
  console.log("the store was opened");
} catch (error) {
  console.log((error as Error).message);
}
