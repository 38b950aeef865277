// Formats an inspected map as text, as a row of a table, or as JSON.
import { basename } from "node:path";
import { printable } from "../../../sim/printable.ts";
import type { Ground } from "../../../tiled/ground/ground.ts";
import { nestedLayers } from "../../../tiled/ground/nested.ts";
import { tileRows } from "../../../tiled/ground/tile-rows.ts";
import { TILE } from "../../../tiled/ground/units.ts";
import type { TiledMap } from "../../../tiled/model.ts";
import type { FolderInspection, Inspection } from "./inspection.ts";

/** Returns everything about a map as text for a terminal, with a drawing at the end. */
export function report({ path, content, portals, problems }: Inspection): string {
  const parts = [section("Problems: the server refuses this map", problems)];
  if (content) {
    const { tiled: map, ground } = content;
    parts.unshift(
      `${printable(basename(path))}: ${map.width} x ${map.height} tiles of ${map.tileWidth} x ${map.tileHeight} pixels`,
    );
    parts.push(
      section("Warnings", [...ground.warnings, ...portals.warnings]),
      section("Taken for walls and spawns", ground.rules),
      section("Left out", ground.leftOut),
      section("Portals", portals.portals),
      section("Layers, from the lowest to the highest", layersOf(map)),
      drawing(ground, problems.length > 0 ? "What could be read so far; the server does not use it:\n\n" : ""),
    );
  } else {
    parts.unshift(printable(basename(path)));
  }
  return joined(parts);
}

/** Returns a Markdown table with one row per map, and then the warnings about the folder. */
export function table({ inspections, warnings }: FolderInspection): string {
  const rows = inspections.map(({ path, content, portals, problems }) => {
    const ground = content?.ground;
    const size = ground ? `${ground.width} x ${ground.height}` : "";
    const [solid, spawns] = ground && problems.length === 0 ? [solidTiles(ground), ground.spawns.length] : ["", ""];
    const remarks = [...problems.map((problem) => `**${problem}**`), ...(ground?.warnings ?? []), ...portals.warnings];
    const cells = [basename(path), size, solid, spawns, remarks.join("; ")];
    return `| ${cells.map((cell) => printable(String(cell)).replaceAll("|", "\\|")).join(" | ")} |`;
  });
  const head = "| map | tiles | solid | spawns | **problems** and warnings |\n| --- | --- | ---: | ---: | --- |";
  return joined([[head, ...rows].join("\n"), section("Warnings", warnings)]);
}

/** Returns the ground of a map as JSON, with one character per tile. The positions of spawns are in tiles. */
export function json(ground: Ground): string {
  const { width, height, spawns, rules, warnings } = ground;
  const places = spawns.map(({ x, y }) => [x / TILE, y / TILE]);
  return JSON.stringify({ width, height, solid: tileRows(ground), spawns: places, rules, warnings }, undefined, 2);
}

/**
 * Returns a title, and below it a drawing of the tiles and the spawns. Returns an empty text if the map has no cells.
 */
function drawing(ground: Ground, title: string): string {
  if (ground.solid.length === 0) return "";
  const rows = tileRows(ground).map((row) => [...row]);
  for (const { x, y } of ground.spawns) rows[Math.floor(y / TILE)]![Math.floor(x / TILE)] = "@";
  return `${title}${rows.map((row) => row.join("")).join("\n")}\n\n# solid, + partly solid, . open, @ spawn`;
}

function solidTiles(ground: Ground): number {
  return [...tileRows(ground).join("")].filter((tile) => tile !== ".").length;
}

/**
 * Returns a line for each layer, with its number and its path. The declaration of a map (`NAME.sabang.json`) can name a
 * layer by its number or by its path.
 */
function layersOf(map: TiledMap): string[] {
  return nestedLayers(map).map(({ layer }, index) => `#${index + 1} ${layer.path} (${layer.type} layer)`);
}

/** Joins the parts that are not empty. */
function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `  ${printable(line)}`).join("\n")}`;
}
