// Tests what the server sends to clients about its maps: the description of each map, and the files to draw it.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import type { Application } from "express";
import { createMap, type WorldMap } from "../../../sim/map.ts";
import { loadMaps } from "../../../src/maps/load-maps.ts";
import { drawnMap, tiledMap } from "../../support/maps.ts";
import { request } from "../../support/raw.ts";
import { startServer } from "../../support/server.ts";

const root = mkdtempSync(join(tmpdir(), "sabang-map-routes-"));
const folder = join(root, "maps");
mkdirSync(join(folder, "art"), { recursive: true });
const plain = tiledMap(["#s", ".."]);
const withPictures = {
  ...plain,
  layers: [...(plain.layers as object[]), { type: "tilelayer", name: "decor", data: [0, 9, 0, 0] }],
  tilesets: [
    { firstgid: 1, source: "art/tiles.tsx" },
    { firstgid: 9, source: "../outside.tsx" },
  ],
};
const FILES = {
  "plaza.tmj": JSON.stringify(withPictures),
  "시장.json": JSON.stringify(tiledMap(["s."])),
  "art/tiles.tsx":
    '<tileset name="tiles" tilewidth="32" tileheight="32"><image source="tiles.png" width="32" height="32"/></tileset>',
  "art/tiles.png": "a picture",
  "unused.png": "not part of a map",
  "plaza.sabang.json": "{}",
  "../outside.tsx": "<tileset/>",
};
for (const [path, content] of Object.entries(FILES)) writeFileSync(join(folder, path), content);
symlinkSync(join(root, "outside.tsx"), join(folder, "link.tsx"));
afterAll(() => rmSync(root, { recursive: true }));

/** Answers requests for all paths with the page, as the development server does. */
const page = (app: Application) => void app.use((_request, response) => void response.send("the page"));
const server = startServer({ mapFolder: loadMaps(folder), page });
const get = (path: string) => fetch(`${server.url}/maps/${path}`);

/** Returns the walls of a map: one string for each row of cells, with `#` for each solid cell. */
function wallsOf({ width, height, isSolid }: WorldMap): string[] {
  return Array.from({ length: height / 8 }, (_, y) =>
    Array.from({ length: width / 8 }, (_, x) => (isSolid(x, y) ? "#" : ".")).join(""),
  );
}

test("/maps.json lists the names of the maps", async () => {
  const answer = await fetch(`${server.url}/maps.json`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  expect(await answer.json()).toEqual(["plaza", "시장"]);
});

test("/maps/NAME.json returns the data from which any client can build the server's map", async () => {
  const answer = await get("plaza.json");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  const description = await answer.json();
  expect(description).toMatchObject({ name: "plaza", width: 64, height: 64, file: "files/plaza.tmj" });
  expect(description.solid).toEqual([...Array(4).fill("4#4."), ...Array(4).fill("8.")]);
  const map = createMap(description);
  expect(wallsOf(map)).toEqual(wallsOf(drawnMap("plaza", ["#s", ".."])));
  expect(map.spawns).toEqual([{ x: 48, y: 16 }]);
});

test("/maps/NAME.json returns a map's description even if the map's own file is NAME.json", async () => {
  const name = encodeURIComponent("시장");
  expect(await (await get(`${name}.json`)).json()).toMatchObject({ name: "시장", file: `files/${name}.json` });
  expect(await (await get(`files/${name}.json`)).json()).toMatchObject({ type: "map" });
});

test("/maps/drawings/NAME.json describes how to draw a map, and lists only images in the folder of maps", async () => {
  const { drawing } = await (await get("plaza.json")).json();
  const answer = await get(drawing);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  const { columns, rows, images, tiles } = await answer.json();
  expect([columns, rows, images, tiles.length]).toEqual([2, 2, [{ url: "../files/art/tiles.png" }], 2]);
  expect(await (await fetch(new URL(images[0].url, answer.url))).text()).toBe(FILES["art/tiles.png"]);
  // The tile of a tileset outside the folder has no image.
  expect(tiles.map(({ frames }: { frames: { image: number }[] }) => frames[0]!.image)).toEqual([0, -1]);
});

test("pages of all sites may load a map, and browsers must check each time whether the map has changed", async () => {
  for (const path of ["../maps.json", "plaza.json", "drawings/plaza.json", "files/plaza.tmj", "files/art/tiles.png"]) {
    const { headers, url } = await get(path);
    expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
    expect([path, headers.get("cross-origin-resource-policy")]).toEqual([path, "cross-origin"]);
    expect([path, headers.get("access-control-allow-origin")]).toEqual([path, "*"]);
    expect([path, headers.get("cache-control")]).toEqual([
      path,
      expect.stringMatching(/^(no-cache|public, max-age=0)$/),
    ]);
    // Does not use `fetch`, which would add `Cache-Control: no-cache` to the request. The server would then never
    // answer 304.
    const again = await request(server.port, [
      `GET ${new URL(url).pathname} HTTP/1.1`,
      `If-None-Match: ${headers.get("etag")}`,
    ]);
    expect([path, again.status]).toEqual([path, 304]);
  }
});

test("the files of a map are served below both /maps/files/ and /maps/, with their content types", async () => {
  for (const path of ["files/art/tiles.png", "art/tiles.png"]) {
    expect((await get(path)).headers.get("content-type")).toBe("image/png");
  }
  expect(await (await get("files/art/tiles.tsx")).text()).toBe(FILES["art/tiles.tsx"]);
});

test.each([
  ...[
    "nothing.json",
    "drawings/nothing.json",
    "drawings/plaza.tmj",
    "drawings",
    "files/nothing.tmj",
    "files/",
    "files",
    "",
    "files/art",
    "files/art/",
  ],
  ...["files/unused.png", "files/plaza.sabang.json", "plaza.sabang.json", "files/link.tsx"],
  ...["files/..%2foutside.tsx", "files/%2e%2e/outside.tsx", "files/art%2ftiles.png/", "files/art/..%2fplaza.tmj"],
  ...["files/%00", "files/%E0%A4%A", "files/%", "files/constructor"],
])("/maps/%s is refused, because it is not a file of a map", async (path) => {
  const { status } = await get(path);
  expect([400, 404]).toContain(status);
});
