// Shows how the server interprets a Tiled map: `npm run map -- FILE`.
import { existsSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { commandLine } from "../../cli/command-line.ts";
import { printable } from "../../sim/printable.ts";
import { isDeclaration } from "../maps/map-files.ts";
import { declarationPath, type Inspection, initialDeclaration, inspect, inspectFolder } from "./map/inspection.ts";
import { drawPicture } from "./map/picture.ts";
import { json, report, table } from "./map/report.ts";

const line = commandLine("map", "Shows what the server takes a Tiled map for: its walls, its spawns, and the reasons.")
  .argument("<path>", "a map file (.tmj, .json or .tmx), or a folder of maps, for which it prints a table")
  .option("--png <file>", "draw the map, with solid ground in red and spawns in blue")
  .option("--init", "write NAME.sabang.json beside the map: a declaration of its walls and spawns, for you to edit")
  .option(
    "--json",
    "print only JSON: the size, rows of tiles (# solid, + partly solid, . open), spawns in tiles, reasons",
  )
  .addHelpText("after", "\nThe exit code is 0 if the server would load every map, 1 if not, and 2 for wrong usage.")
  .parse();
const [path = ""] = line.args;
const options = line.opts<{ png?: string; init?: boolean; json?: boolean }>();

if (!existsSync(path)) line.error(`error: there is no file or folder "${path}"`);
const isFolder = statSync(path).isDirectory();
if (isFolder && (options.png || options.init || options.json)) line.error("error: a folder has no options");
if (isDeclaration(path)) {
  line.error(`error: ${path} is a declaration of walls and spawns, not a map; give the map of the same name beside it`);
}
if (isFolder) {
  const folder = inspectFolder(path);
  console.log(table(folder));
  process.exitCode = folder.inspections.every(({ problems }) => problems.length === 0) ? 0 : 1;
} else {
  const inspection = inspect(path);
  process.exitCode = inspection.problems.length === 0 ? 0 : 1;
  show(inspection);
}

function show(inspection: Inspection): void {
  const { content, problems } = inspection;
  if (options.json) {
    if (content && problems.length === 0) console.log(json(content.ground));
    else console.error(problems.join("\n"));
    return;
  }
  console.log(report(inspection));
  if (!content) return;
  if (options.png) {
    const { png, missing } = drawPicture(dirname(path), content.tiled, content.ground);
    write(options.png, png);
    console.log(["", `wrote ${options.png}`, ...missing.map(printable)].join("\n"));
  }
  if (options.init) {
    const declaration = declarationPath(path);
    if (existsSync(declaration)) {
      console.error(`${declaration} exists already`);
      process.exitCode = 1;
    } else {
      write(declaration, initialDeclaration(content.ground));
      console.log(`\nwrote ${declaration}`);
    }
  }
}

/** Writes a file, or ends the process with an error. */
function write(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    line.error(`error: cannot write ${file} (${(error as Error).message})`);
  }
}
