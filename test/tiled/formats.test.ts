// Tests that the reader returns the same map for every file format and encoding. The map TOWN uses nearly all features
// of Tiled.
import { describe, expect, test } from "@jest/globals";
import { ENCODINGS, encoded } from "../../bench/stress/map-fuzz/encode.ts";
import { toXml } from "../../bench/stress/map-fuzz/to-xml.ts";
import { type Json, TOWN, TOWN_FILES } from "../../bench/stress/map-fuzz/town.ts";
import { read } from "./read.ts";

const FORMATS = { JSON: (json: Json) => JSON.stringify(json), XML: toXml };

const asJson = Object.fromEntries(Object.entries(TOWN_FILES).map(([path, json]) => [path, JSON.stringify(json)]));
const asXml = Object.fromEntries(Object.entries(TOWN_FILES).map(([path, json]) => [path, toXml(json)]));
const expected = read(TOWN, asJson);

describe.each(Object.entries(FORMATS))("the format %s:", (_format, write) => {
  test.each(ENCODINGS)("a map is read with the same result if its tiles are encoded as %s", (encoding) => {
    expect(read(write(encoded(TOWN, encoding)), asJson)).toEqual(expected);
  });

  test("a map is read with the same result if its tilesets and templates are XML files", () => {
    expect(read(write(TOWN), asXml)).toEqual(expected);
  });

  test("a map is read with the same result if its file begins with a byte order mark", () => {
    expect(read(`\uFEFF${write(TOWN)}`, asJson)).toEqual(expected);
  });
});
