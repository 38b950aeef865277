import { expect, test } from "@jest/globals";
import { resolvePath } from "../../tiled/path.ts";

test.each([
  ["", "sets/ground.tsx", "sets/ground.tsx"],
  ["sets/ground.tsx", "ground.png", "sets/ground.png"],
  ["sets/ground.tsx", "../images/./ground.png", "images/ground.png"],
  ["", "../../assets/a.tsx", "../../assets/a.tsx"],
  ["../sets/a.tsx", "../../b.png", "../../b.png"],
  ["sets/a.tsx", "sub//b.png", "sets/sub/b.png"],
  ["sets/a.tsx", "..\\images\\b.png", "images/b.png"],
  ["sets/a.tsx", "/home/me/b.png", "/home/me/b.png"],
  ["sets/a.tsx", "C:\\maps\\b.png", "C:/maps/b.png"],
  ["sets/a.tsx", "https://example.com/b.png", "https://example.com/b.png"],
])("resolvePath(%j, %j) returns %j", (file, path, resolved) => {
  expect(resolvePath(file, path)).toBe(resolved);
});
