// Writes the objects of Tiled's JSON files as Tiled's XML files.
import type { Json } from "./town.ts";

/** Returns a map, a tileset or a template as an XML file. */
export function toXml({ type, ...fields }: Json): string {
  const root = type === "tileset" ? tileset(fields) : type === "template" ? template(fields) : map(fields);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

/** Returns an element. An attribute with an undefined value is left out, and a boolean becomes the number 1 or 0. */
function element(name: string, attributes: Json, ...content: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(String(typeof value === "boolean" ? Number(value) : value))}"`)
    .join("");
  return content.length === 0 ? `<${name}${written}/>` : `<${name}${written}>\n${content.join("\n")}\n</${name}>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;").replace(/\n/g, "&#10;");
}

/** Returns an element for each item of a list. */
function each(list: unknown, write: (item: Json) => string): string[] {
  return ((list ?? []) as Json[]).map(write);
}

function map({ properties, tilesets, layers, ...attributes }: Json): string {
  return element("map", attributes, ...custom(properties), ...each(tilesets, tileset), ...each(layers, layer));
}

function template({ tileset: used, object: fields }: Json): string {
  return element("template", {}, ...(used ? [tileset(used as Json)] : []), object(fields as Json));
}

function custom(properties: unknown): string[] {
  return properties === undefined
    ? []
    : [element("properties", {}, ...each(properties, (one) => property("property", one)))];
}

function property(name: string, { value, ...attributes }: Json): string {
  if (attributes.type === "class") return element(name, attributes, ...custom(members(value as Json)));
  if (attributes.type === "list") return element(name, attributes, ...each(value, (item) => property("item", item)));
  const text = String(value);
  // Tiled writes a text of several lines as the content of the element, and not as an attribute.
  return text.includes("\n")
    ? `<${name} name="${attributes.name}">${text}</${name}>`
    : element(name, { ...attributes, value: text });
}

/** Returns the members of a class as properties. The types of members are guessed, because JSON files omit them. */
function members(values: Json): Json[] {
  return Object.entries(values).map(([name, value]) => {
    const isNumber = typeof value === "number";
    return {
      name,
      value,
      type: isNumber ? (Number.isInteger(value) ? "int" : "float") : typeof value === "object" ? "class" : "string",
    };
  });
}

function tileset({ properties, tiles, tileoffset, ...fields }: Json): string {
  const { image, ...attributes } = withoutImage(fields);
  const offset = tileoffset ? [element("tileoffset", tileoffset as Json)] : [];
  return element("tileset", attributes, ...custom(properties), ...offset, ...image, ...each(tiles, tile));
}

/** Separates the fields of the image from the other fields. */
function withoutImage({
  image,
  imagewidth,
  imageheight,
  transparentcolor,
  ...fields
}: Json): Json & { image: string[] } {
  const attributes = { source: image, width: imagewidth, height: imageheight, trans: transparentcolor };
  return { ...fields, image: image === undefined ? [] : [element("image", attributes)] };
}

function tile({ properties, animation, objectgroup, ...fields }: Json): string {
  const { image, ...attributes } = withoutImage(fields);
  const frames = animation ? [element("animation", {}, ...each(animation, (frame) => element("frame", frame)))] : [];
  return element(
    "tile",
    attributes,
    ...custom(properties),
    ...image,
    ...each(objectgroup && [objectgroup], layer),
    ...frames,
  );
}

function layer({ type, properties, layers, objects, data, chunks, encoding, compression, ...fields }: Json): string {
  const { image, ...attributes } = withoutImage(fields);
  if (type === "group") return element("group", attributes, ...custom(properties), ...each(layers, layer));
  if (type === "objectgroup")
    return element("objectgroup", attributes, ...custom(properties), ...each(objects, object));
  if (type === "imagelayer") return element("imagelayer", attributes, ...custom(properties), ...image);
  const content = chunks
    ? each(chunks, ({ data, ...place }) => element("chunk", place, tiles(data, encoding)))
    : [tiles(data, encoding)];
  return element("layer", attributes, ...custom(properties), element("data", { encoding, compression }, ...content));
}

function tiles(data: unknown, encoding: unknown): string {
  if (typeof data === "string") return data;
  const numbers = data as number[];
  return encoding === "csv"
    ? numbers.join(",\n")
    : numbers.map((gid) => element("tile", { gid: gid || undefined })).join("\n");
}

function object({ properties, polygon, polyline, ellipse, capsule, point, text, ...attributes }: Json): string {
  const { text: words, ...style } = (text ?? {}) as Json;
  return element(
    "object",
    attributes,
    ...custom(properties),
    ...Object.entries({ ellipse, capsule, point }).flatMap(([name, is]) => (is ? [element(name, {})] : [])),
    ...Object.entries({ polygon, polyline }).flatMap(([name, list]) =>
      list ? [element(name, { points: corners(list) })] : [],
    ),
    ...(text ? [element("text", style).replace("/>", `>${words}</text>`)] : []),
  );
}

function corners(list: unknown): string {
  return (list as { x: number; y: number }[]).map(({ x, y }) => `${x},${y}`).join(" ");
}
