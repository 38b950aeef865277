// A process that opens the store of a folder without root privileges, and prints the error if that fails.
import { spawnSync } from "node:child_process";
import { openStore } from "../../../src/store/open.ts";

if (process.getuid?.() === 0) {
  process.setuid!(Number(spawnSync("id", ["-u", "nobody"], { encoding: "utf8" }).stdout));
}
try {
  await (await openStore({ dataDir: process.argv[2]! })).close();
  console.log("the store was opened");
} catch (error) {
  console.log((error as Error).message);
}
