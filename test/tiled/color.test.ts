import { expect, test } from "@jest/globals";
import { parseColor } from "../../tiled/color.ts";

test.each([
  ["#ff8000", [1, 128 / 255, 0, 1]],
  ["#80FF8000", [1, 128 / 255, 0, 128 / 255]],
  ["#f80", [1, 136 / 255, 0, 1]],
  ["ff00ff", [1, 0, 1, 1]],
])("parseColor reads %s", (text, parts) => {
  expect(Object.values(parseColor(text)!)).toEqual(parts);
});

test.each(["", "red", "#ff", "#ff80001", "#gg0000", " #ff8000"])("parseColor does not accept %j", (text) => {
  expect(parseColor(text)).toBeUndefined();
});
