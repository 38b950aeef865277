// Writes the generated files in maps/: `npm run maps:make`. Each run writes the same bytes.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { inspect } from "./inspect.ts";
import type { MapDraft, Point } from "./map-draft.ts";
import { drawMeadow } from "./meadow.ts";
import { drawPlaza } from "./plaza.ts";
import { type Area, middle, scatterSpawns } from "./spawns.ts";
import { mapFile, tilesetFile } from "./tiled.ts";
import { drawSheet } from "./tiles.ts";

const folder = join(import.meta.dirname, "../maps");

writeSheet();
writeFileSync(join(folder, "tiles.tsj"), `${tilesetFile()}\n`);
// The spawns of the plaza are in a square of 10 x 10 tiles (320 units), so players who have just joined see each other.
const plaza = drawPlaza();
writeMap("plaza", plaza, scatterSpawns(plaza, middle(plaza, 10), 1, 1), 0.6);
const meadow = drawMeadow();
const whole: Area = { left: 0, top: 0, width: meadow.width, height: meadow.height };
writeMap("meadow", meadow, scatterSpawns(meadow, whole, 5, 1), 0.97);

function writeSheet(): void {
  const sheet = drawSheet();
  const png = new PNG({ width: sheet.width, height: sheet.height });
  png.data = Buffer.from(sheet.pixels);
  // A PNG file of pixel art is smallest without filters, and with zlib's default strategy (0).
  const options = { deflateLevel: 9, deflateStrategy: 0, filterType: 0 };
  writeFileSync(join(folder, "tiles.png"), PNG.sync.write(png, options));
}

/** Checks a map and writes its file. */
function writeMap(name: string, map: MapDraft, spawns: Point[], minOpen: number): void {
  const open = inspect(name, map, spawns, minOpen);
  writeFileSync(join(folder, `${name}.tmj`), `${mapFile(map, spawns)}\n`);
  console.log(
    `${name}: ${map.width} x ${map.height} tiles, ${(open * 100).toFixed(1)} % open, ${spawns.length} spawns`,
  );
}
