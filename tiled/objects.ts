// Reads the objects of object layers, and the collision shapes of tiles.
import { BLACK } from "./color.ts";
import { Fields, numberOf, type Values } from "./fields.ts";
import { MAX_GID } from "./gid.ts";
import type { MapObject, Point, Shape, Text } from "./model.ts";
import { readProperties } from "./properties.ts";
import { quote } from "./report.ts";

/** The context that `readObjects` needs from the rest of the map. */
export interface ObjectContext {
  /** Returns the object of a template file; undefined, with a warning, if the file is not available. */
  template(path: string): Fields | undefined;
  /** Returns the size of a tile in pixels; undefined if it is unknown. */
  tileSize(gid: number): { readonly width: number; readonly height: number } | undefined;
  /**
   * The coordinates in the file, in pixels, of the point that becomes (0, 0). The reader subtracts them from the places
   * of objects.
   */
  readonly origin: Point;
}

/** The context of collision shapes: they have no templates, and their places are relative to their tile. */
export const SHAPE_CONTEXT: ObjectContext = {
  template: () => undefined,
  tileSize: () => undefined,
  origin: { x: 0, y: 0 },
};

/** Returns the objects of a layer, or the collision shapes of a tile. */
export function readObjects(layer: Fields, context: ObjectContext): MapObject[] {
  const placeOf = ({ id, name }: Values, index: number) => {
    const number = Number.isNaN(numberOf(id)) ? index + 1 : numberOf(id);
    return `object ${number}${name == null || name === "" ? "" : ` ${quote(name)}`} of ${layer.place}`;
  };
  return layer.elements("objects", placeOf).map((fields) => readObject(fields, context));
}

function readObject(own: Fields, context: ObjectContext): MapObject {
  const template = own.has("template") ? context.template(own.text("template")) : undefined;
  const fields = template ? new Fields({ ...template.values, ...own.values }, own.place, own.report) : own;
  const shape = shapeOf(fields);
  const gid = shape === "tile" ? fields.integer("gid", 0, 0, MAX_GID) : 0;
  const size = { width: fields.number("width", 0), height: fields.number("height", 0) };
  // Before Tiled 0.12, a tile object had no size of its own.
  const tileSize = gid !== 0 && (size.width === 0 || size.height === 0) ? context.tileSize(gid) : undefined;
  const text = fields.inner("text");
  return {
    id: own.integer("id", 0),
    name: fields.text("name"),
    // Only Tiled 1.9 calls the class `class`. All other versions call it `type`.
    class: fields.text("class") || fields.text("type"),
    shape,
    x: fields.number("x", 0) - context.origin.x,
    y: fields.number("y", 0) - context.origin.y,
    width: size.width || (tileSize?.width ?? 0),
    height: size.height || (tileSize?.height ?? 0),
    rotation: fields.number("rotation", 0),
    visible: fields.flag("visible", true),
    opacity: fields.number("opacity", 1),
    points: shape === "polygon" || shape === "polyline" ? readPoints(fields, shape) : [],
    gid,
    text: text && readText(text),
    properties: template ? new Map([...readProperties(template), ...readProperties(own)]) : readProperties(own),
  };
}

function shapeOf(fields: Fields): Shape {
  if (fields.has("gid")) return "tile";
  if (fields.has("polygon")) return "polygon";
  if (fields.has("polyline")) return "polyline";
  if (fields.has("text")) return "text";
  return (["ellipse", "capsule", "point"] as const).find((shape) => fields.flag(shape, false)) ?? "rectangle";
}

function readPoints(fields: Fields, key: string): Point[] {
  return fields
    .elements(key, (_, index) => `corner ${index + 1} of ${fields.place}`)
    .map((point) => ({ x: point.number("x", 0), y: point.number("y", 0) }));
}

function readText(fields: Fields): Text {
  return {
    content: fields.text("text"),
    fontFamily: fields.text("fontfamily", "sans-serif"),
    pixelSize: fields.number("pixelsize", 16),
    color: fields.color("color") ?? BLACK,
    wrap: fields.flag("wrap", false),
    bold: fields.flag("bold", false),
    italic: fields.flag("italic", false),
    horizontalAlignment: fields.choice("halign", ["left", "center", "right", "justify"]),
    verticalAlignment: fields.choice("valign", ["top", "center", "bottom"]),
  };
}
