// Makes everything in this folder that is not written by hand: `npx node maps/make.ts` writes the same bytes each time.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { inspect } from "./inspect.ts";
import type { MapDraft } from "./map-draft.ts";
import { drawMeadow } from "./meadow.ts";
import { drawPlaza } from "./plaza.ts";
import { scatterSpawns } from "./spawns.ts";
import { mapFile, tilesetFile } from "./tiled.ts";
import { drawSheet } from "./tiles.ts";

const folder = import.meta.dirname;

writeSheet();
writeFileSync(join(folder, "tiles.tsj"), `${tilesetFile()}\n`);
writeMap("plaza", drawPlaza(), 4, 0.6);
writeMap("meadow", drawMeadow(), 5, 0.97);

function writeSheet(): void {
  const sheet = drawSheet();
  const png = new PNG({ width: sheet.width, height: sheet.height });
  png.data = Buffer.from(sheet.pixels);
  writeFileSync(join(folder, "tiles.png"), PNG.sync.write(png, { deflateLevel: 9 }));
}

/** Writes a map with one spawn for each square of `cell` by `cell` tiles, if it keeps what maps promise. */
function writeMap(name: string, map: MapDraft, cell: number, leastOpen: number): void {
  const spawns = scatterSpawns(map, cell, 1);
  const open = inspect(name, map, spawns, leastOpen);
  writeFileSync(join(folder, `${name}.tmj`), `${mapFile(map, spawns)}\n`);
  console.log(
    `${name}: ${map.width} x ${map.height} tiles, ${(open * 100).toFixed(1)} % open, ${spawns.length} spawns`,
  );
}
