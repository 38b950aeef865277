// Converts XML files to the objects that Tiled's JSON files contain, so that one reader suffices for both formats.
import sax from "sax";
import { DocumentError } from "./document-error.ts";
import type { Values } from "./fields.ts";
import { quote, type Report } from "./report.ts";

/** Options that refuse all entities except the five that XML predefines. The types of `sax` lack this option. */
const OPTIONS: sax.SAXOptions & { strictEntities: boolean } = { strictEntities: true };

/** An element whose start tag has been read. Its values become the values of the equivalent JSON object. */
interface Element {
  readonly name: string;
  readonly values: Record<string, unknown>;
  text: string;
}

/** Elements whose text is read. The text of all other elements is only indentation. */
const WITH_TEXT = new Set(["data", "chunk", "property", "item", "text"]);

/**
 * Returns the object that a JSON file with the same content would hold.
 * @param root the name of the expected root element: `map`, `tileset` or `template`.
 * @throws {DocumentError} if the XML is not well-formed, or if it has a DOCTYPE. Tiled never writes one, and the
 * entities of a DOCTYPE could expand without bounds.
 */
export function parseXml(text: string, root: string, report: Report): Values {
  const xml = sax.parser(true, OPTIONS);
  const open: Element[] = [];
  let document: Values | undefined;
  xml.ondoctype = () => {
    throw new DocumentError("has a DOCTYPE, which Tiled does not write; remove it");
  };
  xml.onerror = ({ message }) => {
    throw new DocumentError(`is not valid XML: ${message.split("\n")[0]} in line ${xml.line + 1}`);
  };
  xml.onopentag = ({ name, attributes }) => {
    const parent = open.at(-1);
    if (!parent && name !== root) throw new DocumentError(`has the root element ${quote(name)}; expected "${root}"`);
    // Tiles of a tile layer do not count as elements: each is only a number, and there may be millions.
    if (name !== "tile" || !parent || !isTileData(parent)) report.count("elements", 1);
    report.checkDepth(`the element <${root}>`, open.length / ELEMENTS_PER_LEVEL);
    open.push({ name, values: attributes, text: "" });
  };
  xml.ontext = xml.oncdata = (text) => {
    const element = open.at(-1);
    if (element && WITH_TEXT.has(element.name)) element.text += text;
  };
  xml.onclosetag = () => {
    const element = open.pop()!;
    const parent = open.at(-1);
    if (parent) ATTACH.get(element.name)?.(parent, element);
    else document = element.values;
  };
  xml.write(text).close();
  if (!document) throw new DocumentError("has no elements");
  return document;
}

/**
 * The maximum number of nested XML elements per level: two for a level of properties within properties, one for a level
 * of groups.
 */
const ELEMENTS_PER_LEVEL = 2;

function isTileData({ name }: Element): boolean {
  return name === "data" || name === "chunk";
}

type Attach = (parent: Element, child: Element) => void;

/** Adds an item to the list `key`. If an attribute has the same name, the list replaces it. */
function append(values: Record<string, unknown>, key: string, item: unknown): void {
  const list = values[key];
  if (Array.isArray(list)) list.push(item);
  else values[key] = [item];
}

/** Adds an element to a list of its parent. */
const listed =
  (key: string, type?: string): Attach =>
  ({ values }, child) => {
    append(values, key, type === undefined ? child.values : { ...child.values, type });
  };

/** Makes an element a value of its parent. */
const single =
  (key: string): Attach =>
  ({ values }, child) => {
    values[key] = child.values;
  };

/** Calls `inside` to attach an element if the parent has the name `parentName`. Otherwise calls `elsewhere`. */
const within =
  (parentName: string, inside: Attach, elsewhere: Attach): Attach =>
  (parent, child) =>
    (parent.name === parentName ? inside : elsewhere)(parent, child);

/** Marks an object with its shape. */
const marked =
  (shape: string): Attach =>
  ({ values }) => {
    values[shape] = true;
  };

/** Splits a shape's corners into pairs of x and y. Text that is not a pair stays as it is, and the reader reports it. */
const corners =
  (shape: string): Attach =>
  ({ values }, child) => {
    values[shape] = String(child.values.points ?? "")
      .split(/\s+/)
      .filter((pair) => pair !== "")
      .map((pair) => {
        const [x, y, ...more] = pair.split(",");
        return more.length === 0 ? { x, y } : pair;
      });
  };

/**
 * The functions that attach an element to its parent, by the element's name. Elements without a function are ignored:
 * settings of the editor, terrains and Wang sets.
 */
const ATTACH = new Map<string, Attach>(
  Object.entries({
    layer: listed("layers", "tilelayer"),
    objectgroup: within("tile", single("objectgroup"), listed("layers", "objectgroup")),
    imagelayer: listed("layers", "imagelayer"),
    group: listed("layers", "group"),
    tileset: within("template", single("tileset"), listed("tilesets")),
    object: within("template", single("object"), listed("objects")),
    tile: (parent, child) => (isTileData(parent) ? tileNumber : listed("tiles"))(parent, child),
    data: within("layer", tileData, () => {}),
    chunk: ({ values }, child) => {
      append(values, "chunks", { ...child.values, data: child.values.data ?? child.text });
    },
    image: ({ values }, { values: { source, width, height, trans } }) => {
      Object.assign(values, { image: source, imagewidth: width, imageheight: height, transparentcolor: trans });
    },
    tileoffset: single("tileoffset"),
    animation: ({ values }, child) => {
      values.animation = child.values.frames;
    },
    frame: listed("frames"),
    ellipse: marked("ellipse"),
    capsule: marked("capsule"),
    point: marked("point"),
    polygon: corners("polygon"),
    polyline: corners("polyline"),
    text: ({ values }, child) => {
      values.text = { ...child.values, text: child.text };
    },
    properties: (parent, child) => {
      parent.values[isProperty(parent) ? "value" : "properties"] = child.values.properties ?? [];
    },
    property: (parent, child) => listed("properties")(parent, withValue(child)),
    item: (parent, child) => listed("items")(parent, withValue(child)),
  } satisfies Record<string, Attach>),
);

function tileNumber({ values }: Element, { values: { gid } }: Element): void {
  const number = Number(gid ?? 0);
  append(values, "data", Number.isNaN(number) ? gid : number);
}

function tileData({ values }: Element, child: Element): void {
  const { encoding, compression, chunks, data } = child.values;
  Object.assign(
    values,
    chunks ? { encoding, compression, chunks } : { encoding, compression, data: data ?? child.text },
  );
}

function isProperty({ name }: Element): boolean {
  return name === "property" || name === "item";
}

/** Returns a property with its value. The value is an attribute, inner elements, or a text of several lines. */
function withValue(element: Element): Element {
  const { values, text } = element;
  const { type, value, items } = values;
  // In a class or a list, the text is only indentation.
  const found = type === "list" ? (items ?? []) : type === "class" ? value : (value ?? text);
  return { ...element, values: { ...values, value: found } };
}
