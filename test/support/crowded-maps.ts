// A folder of maps on which all players start in sight of each other.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { dataFolder } from "./process.ts";

const MAPS = new URL("../../maps/", import.meta.url).pathname;

/** Creates a folder with a plaza whose spawns are all near its centre. Returns its path. */
export function crowdedMaps(): string {
  const folder = dataFolder();
  copyFileSync(`${MAPS}tiles.png`, `${folder}/tiles.png`);
  const plaza = JSON.parse(readFileSync(`${MAPS}plaza.tmj`, "utf8"));
  const layer = plaza.layers.find(({ name }: { name: string }) => name === "spawns");
  layer.objects = layer.objects.filter(({ x, y }: { x: number; y: number }) => Math.hypot(x - 1024, y - 1024) < 160);
  writeFileSync(`${folder}/plaza.tmj`, JSON.stringify(plaza));
  return folder;
}
