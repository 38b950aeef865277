// Converts a Tiled map and its ground (solid cells and spawns) to the description from which the server and its clients
// build the map.

import { type MapDescription, type MapObject, type PropertyValue, rowOfCells } from "../../sim/map.ts";
import { CELL, TILE } from "../../sim/rules.ts";
import { allLayers } from "../../tiled/all-layers.ts";
import type { Ground } from "../../tiled/ground/ground.ts";
import { cornersOnMap, middleOf, toUnits } from "../../tiled/ground/outline.ts";
import type {
  ObjectLayer,
  Point,
  Properties,
  Property,
  TiledMap,
  MapObject as TiledObject,
} from "../../tiled/model.ts";

/** Returns the description of a map. The description lacks the URL of the map's file. */
export function describeMap(name: string, map: TiledMap, { width, height, solid, spawns }: Ground): MapDescription {
  const columns = (width * TILE) / CELL;
  const rows = Array.from({ length: (height * TILE) / CELL }, (_, row) =>
    rowOfCells(columns, (cell) => solid[row * columns + cell] === 1),
  );
  const layers = allLayers(map.layers).filter((layer) => layer.type === "object");
  const objects = layers.flatMap((layer) => layer.objects.map((object) => describeObject(object, layer, map)));
  return {
    name,
    width: width * TILE,
    height: height * TILE,
    solid: rows,
    spawns: spawns.map(({ x, y }) => ({ x, y })),
    objects,
  };
}

function describeObject(object: TiledObject, { name: layer, effective }: ObjectLayer, map: TiledMap): MapObject {
  const { offset } = effective;
  const onMap = ({ x, y }: Point): Point => rounded(toUnits({ x: x + offset.x, y: y + offset.y }, map));
  const size = rounded(toUnits({ x: object.width, y: object.height }, map));
  const hasPoints = object.shape === "polygon" || object.shape === "polyline";
  return {
    layer,
    name: object.name,
    class: object.class,
    shape: object.shape,
    ...onMap(middleOf(object, map)),
    width: size.x,
    height: size.y,
    rotation: object.rotation,
    points: hasPoints ? cornersOnMap(object, map).map(onMap) : [],
    properties: plainValues(object.properties),
  };
}

function rounded({ x, y }: Point): Point {
  return { x: Math.round(x), y: Math.round(y) };
}

function plainValues(properties: Properties): Record<string, PropertyValue> {
  return Object.fromEntries([...properties].map(([name, property]) => [name, plainValue(property)]));
}

function plainValue({ type, value }: Property): PropertyValue {
  if (type === "class") return plainValues(value);
  return type === "list" ? value.map(plainValue) : value;
}
