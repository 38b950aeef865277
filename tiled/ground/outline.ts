// The outlines of objects and of the collision shapes of tiles.
import { tileOf } from "../gid.ts";
import type { MapObject, Point, TiledMap } from "../model.ts";
import type { Polygon } from "./cover.ts";
import { CELLS_PER_TILE, TILE } from "./units.ts";

/** The number of corners of the polygon that stands for an ellipse or a capsule. */
const ROUND_CORNERS = 32;

/** Converts a place from pixels of the map to units. */
export function toUnits({ x, y }: Point, { tileWidth, tileHeight }: TiledMap): Point {
  return { x: (x * TILE) / tileWidth, y: (y * TILE) / tileHeight };
}

/**
 * Returns the ground that an object covers, as polygons in pixels. A line is as wide as a cell. Points and texts cover
 * nothing.
 */
export function outlinesOf(object: MapObject, map: TiledMap): Polygon[] {
  const corners = cornersOnMap(object, map);
  switch (object.shape) {
    case "point":
    case "text":
      return [];
    case "polyline":
      return strokesOf(corners, map.tileWidth / CELLS_PER_TILE);
    default:
      return [corners];
  }
}

/** Returns where the corners of an object are in its layer, in pixels. The ends of a line count as corners. */
export function cornersOnMap(object: MapObject, map: TiledMap): Point[] {
  return cornersOf(object, map).map((corner) => placed(corner, object));
}

/** Returns the middle of an object in pixels. For polygons and lines, it is the middle of their bounds. */
export function middleOf(object: MapObject, map: TiledMap): Point {
  const corners = cornersOnMap(object, map);
  const between = (axis: "x" | "y") => {
    const values = corners.map((corner) => corner[axis]).sort((one, other) => one - other);
    return (values[0]! + values.at(-1)!) / 2;
  };
  return { x: between("x"), y: between("y") };
}

/** Returns the corners of an object in pixels, relative to its place and without its rotation. */
function cornersOf(object: MapObject, map: TiledMap): readonly Point[] {
  const { shape, points, width, height } = object;
  switch (shape) {
    case "polygon":
    case "polyline":
      return points;
    case "ellipse":
      return rounded(width, height, width / 2, height / 2);
    case "capsule": {
      const radius = Math.min(width, height) / 2;
      return rounded(width, height, radius, radius);
    }
    case "tile":
      return rectangle(anchorOf(object, map), width, height);
    default:
      return rectangle({ x: 0, y: 0 }, width, height);
  }
}

function rectangle({ x, y }: Point, width: number, height: number): Point[] {
  return [
    { x, y },
    { x: x + width, y },
    { x: x + width, y: y + height },
    { x, y: y + height },
  ];
}

/** Returns a rectangle with rounded corners. Each corner is a quarter of an ellipse with these radii. */
function rounded(width: number, height: number, radiusX: number, radiusY: number): Point[] {
  return Array.from({ length: ROUND_CORNERS }, (_, index) => {
    const angle = (2 * Math.PI * (index + 0.5)) / ROUND_CORNERS;
    const [right, down] = [Math.cos(angle), Math.sin(angle)];
    return {
      x: width / 2 + Math.sign(right) * (width / 2 - radiusX) + right * radiusX,
      y: height / 2 + Math.sign(down) * (height / 2 - radiusY) + down * radiusY,
    };
  });
}

/** Returns the upper left corner of a tile object, relative to its place. */
function anchorOf({ gid, width, height }: MapObject, map: TiledMap): Point {
  const alignment = tileOf(map, gid)?.tileset.objectAlignment ?? "unspecified";
  const isAt = (side: string) => alignment.includes(side);
  return {
    x: alignment === "unspecified" || isAt("left") ? 0 : isAt("right") ? -width : -width / 2,
    y: alignment === "unspecified" || isAt("bottom") ? -height : isAt("top") ? 0 : -height / 2,
  };
}

/** Returns where a corner of an object is in its layer, in pixels. */
function placed(corner: Point, { x, y, rotation }: MapObject): Point {
  const angle = (rotation * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { x: x + corner.x * cos - corner.y * sin, y: y + corner.x * sin + corner.y * cos };
}

/** Returns a rectangle of this width for each part of a line. */
function strokesOf(line: readonly Point[], width: number): Polygon[] {
  return line.slice(1).flatMap((end, index) => {
    const start = line[index]!;
    const length = Math.hypot(end.x - start.x, end.y - start.y);
    if (length === 0) return [];
    const x = ((start.y - end.y) * width) / 2 / length;
    const y = ((end.x - start.x) * width) / 2 / length;
    return [
      [
        { x: start.x + x, y: start.y + y },
        { x: end.x + x, y: end.y + y },
        { x: end.x - x, y: end.y - y },
        { x: start.x - x, y: start.y - y },
      ],
    ];
  });
}
