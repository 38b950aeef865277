// Tests the script of `npm run dev`.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: { dev: string } };

test.each([
  ["my maps", "--watch-path=my maps"],
  ["", "--watch-path=maps"],
])("npm run dev watches the folder of maps: with MAPS_DIR=%j, node gets the argument %s", (folder, argument) => {
  const printing = `node() { printf '%s\\n' "$@"; }; ${scripts.dev}`;
  const { stdout } = spawnSync("sh", ["-c", printing], { encoding: "utf8", env: { MAPS_DIR: folder } });
  expect(stdout.split("\n")).toContain(argument);
});
