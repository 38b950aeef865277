// Compares the walls that sabang finds in real maps with the walls in the maps' games: `npm run bench:walls -- FOLDER`.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, parse } from "node:path";
import { commandLine } from "../cli/command-line.ts";
import { groundOf } from "../tiled/ground/ground.ts";
import { tileRows } from "../tiled/ground/tile-rows.ts";
import { readTiledFile } from "../tiled/node.ts";
import { TiledError } from "../tiled/tiled-error.ts";
import { type Agreement, compareWalls } from "./agreement.ts";

const HELP = `
Beside each map NAME.tmj, NAME.json or NAME.tmx, the file NAME.walls.txt has the walls of its game, one character per
tile: # is solid, + partly solid, . open. Its first line is a comment. A map is right if the wrong tiles are at most 2 %
of the solid ones.`;

const line = commandLine("bench:walls", "Compares the walls that sabang finds in maps with the walls of their games.")
  .argument("<folder>", "a folder of maps")
  .option("--declarations <folder>", "a folder with a declaration NAME.sabang.json for each map that needs one")
  .addHelpText("after", HELP)
  .parse();
const [folder = ""] = line.args;
const { declarations } = line.opts<{ declarations?: string }>();

console.log("| map | without declaration | with declaration | declared walls |\n| --- | --- | --- | --- |");
let untold = 0;
let told = 0;
const files = readdirSync(folder).filter((file) => /\.(tmj|tmx|json)$/.test(file) && existsSync(wallsOf(file)));
for (const file of files) {
  const alone = agreementOf(file);
  const path = declarations && join(declarations, `${parse(file).name}.sabang.json`);
  const declaration: unknown = path && existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  const declared = declaration === undefined ? alone : agreementOf(file, declaration);
  if (isRight(alone)) untold++;
  if (isRight(declared)) told++;
  const result = declaration === undefined ? ["", ""] : [textOf(declared), JSON.stringify(declaration)];
  console.log(`| ${[file, textOf(alone), ...result].join(" | ")} |`);
}
console.log(`\n${files.length} maps: ${untold} right without a declaration, ${told} with the declarations`);

/**
 * Returns how far the walls that sabang finds in a map agree with the walls of the map's game. If the map cannot be
 * used, returns the reason instead.
 */
function agreementOf(file: string, declaration?: unknown): Agreement | string {
  try {
    const ground = groundOf(readTiledFile(folder, file), declaration);
    if (ground.problems.length > 0) return ground.problems.join("; ");
    const expected = readFileSync(wallsOf(file), "utf8").trim().split("\n").slice(1);
    return compareWalls(tileRows(ground), expected);
  } catch (error) {
    if (error instanceof TiledError) return error.faults.join("; ");
    throw error;
  }
}

function isRight(result: Agreement | string): boolean {
  return typeof result !== "string" && result.agrees;
}

function textOf(result: Agreement | string): string {
  if (typeof result === "string") return result;
  return `${result.agrees ? "right" : "**wrong**"}: ${result.wrong} of ${result.solid} tiles`;
}

function wallsOf(file: string): string {
  return join(folder, `${parse(file).name}.walls.txt`);
}
