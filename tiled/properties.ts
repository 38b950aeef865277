// Reads custom properties. Since Tiled 1.2, JSON files store properties as a list. Older files store properties as an
// object, and the properties' types as a second object.
import { type Fields, flagOf, isValues, numberOf, type Values } from "./fields.ts";
import type { Properties, Property } from "./model.ts";
import { quote } from "./report.ts";

const NONE: Properties = new Map();

/** Returns the custom properties of an element. */
export function readProperties(fields: Fields): Properties {
  const { properties, propertytypes } = fields.values;
  return properties == null ? NONE : propertiesOf(fields, properties, propertytypes, 0);
}

function propertiesOf(owner: Fields, value: unknown, types: unknown, depth: number): Properties {
  owner.report.checkDepth(owner.place, depth);
  const properties = new Map<string, Property>();
  if (isValues(value)) {
    for (const [name, each] of Object.entries(value)) {
      const type = isValues(types) && Object.hasOwn(types, name) ? types[name] : undefined;
      addTo(properties, owner, name, propertyOf(owner, name, { type, value: each }, depth));
    }
  } else if (Array.isArray(value)) {
    for (const each of value) {
      if (isValues(each) && typeof each.name === "string") {
        addTo(properties, owner, each.name, propertyOf(owner, each.name, each, depth));
      } else owner.report.fault(owner.place, `has the property ${quote(each)}; expected an object with a name`);
    }
  } else if (value != null && value !== "")
    owner.report.fault(owner.place, `has the properties ${quote(value)}; expected a list`);
  return properties;
}

function addTo(properties: Map<string, Property>, owner: Fields, name: string, property: Property | undefined): void {
  owner.report.count("elements", 1);
  if (property) properties.set(name, property);
}

/** Returns a property. Warns and returns undefined if the value does not fit the property's type. */
function propertyOf(owner: Fields, name: string, { type, value }: Values, depth: number): Property | undefined {
  const property = typed(owner, name, type ?? typeOf(value), value, depth);
  if (!property) {
    const expected = `a value of the type ${quote(type ?? "string")}`;
    owner.report.warn(
      owner.place,
      `has the property ${quote(name)} with ${quote(value)}; expected ${expected}; it is left out`,
    );
  }
  return property;
}

function typed(owner: Fields, name: string, type: unknown, value: unknown, depth: number): Property | undefined {
  switch (type) {
    case "bool": {
      const flag = flagOf(value);
      return flag === undefined ? undefined : { type, value: flag };
    }
    case "int":
    case "float":
    case "object": {
      const number = numberOf(value);
      return Number.isFinite(number) ? { type, value: number } : undefined;
    }
    case "class":
      return { type, value: propertiesOf(owner, value, undefined, depth + 1) };
    case "list": {
      if (value != null && !Array.isArray(value)) return undefined;
      owner.report.checkDepth(owner.place, depth + 1);
      const items = (value ?? []).flatMap((item: unknown) => {
        owner.report.count("elements", 1);
        return propertyOf(owner, name, isValues(item) ? item : { value: item }, depth + 1) ?? [];
      });
      return { type, value: items };
    }
    default: {
      const text = typeof value === "number" || typeof value === "boolean" ? String(value) : (value ?? "");
      return typeof text === "string"
        ? { type: type === "color" || type === "file" ? type : "string", value: text }
        : undefined;
    }
  }
}

/**
 * Returns the type of a value for which the file has no type. Such a value is a member of a class, or a property from
 * before Tiled 1.2.
 */
function typeOf(value: unknown): Property["type"] {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (Array.isArray(value)) return "list";
  return typeof value === "object" && value !== null ? "class" : "string";
}
