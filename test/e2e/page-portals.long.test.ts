// Tests that the page follows a portal by itself, in a real browser.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "@jest/globals";
import { ERRORS } from "../../schema/errors.ts";
import { builtPage } from "../../src/http/page.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { atRest, hook, nameOf, playing, startBrowser, walk } from "../support/browser.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const MAPS = new URL("../../maps/", import.meta.url).pathname;

/** A folder with two maps. Each map has one spawn. A portal below the spawn leads to the portal of the other map. */
const folder = mkdtempSync(join(tmpdir(), "sabang-portals-"));
afterAll(() => rmSync(folder, { recursive: true }));
copyFileSync(join(MAPS, "tiles.png"), join(folder, "tiles.png"));
for (const [name, portal] of [
  ["plaza", "meadow"],
  ["meadow", "plaza"],
]) {
  const map = JSON.parse(readFileSync(join(MAPS, `${name}.tmj`), "utf8"));
  const spawns = map.layers.find((layer: { name: string }) => layer.name === "spawns");
  const [spawn] = spawns.objects;
  const properties = Object.entries({ portal, arrival: "gate" }).map(([name, value]) => ({
    name,
    type: "string",
    value,
  }));
  const gate = { ...spawn, id: map.nextobjectid, name: "gate", y: spawn.y + 40, properties };
  spawns.objects = [spawn];
  map.layers.push({ ...spawns, id: map.nextlayerid, name: "gates", objects: [gate] });
  writeFileSync(join(folder, `${name}.tmj`), JSON.stringify(map));
}

const { open, test } = startBrowser();
const server = startServer({ page: builtPage, mapFolder: loadMaps(folder) });

test("the page follows a portal to another map, where the player keeps its name and stays after a reload", async () => {
  const page = await open(server.url);
  const before = await hook(page);
  await walk(page, "ArrowDown", 600);
  await until(async () => (await hook(page)).sessionId !== before.sessionId);
  await playing(page);
  await atRest(page);
  const { sessionId, reconnects, drift, ...arrived } = await hook(page);
  expect((await server.roomOf(sessionId!)).state.map).toBe("meadow");
  expect(nameOf({ sessionId, reconnects, drift, ...arrived })).toBe(nameOf(before));
  expect(arrived.players[sessionId!]?.look).toBe(before.players[before.sessionId!]?.look);
  expect(new URL(page.url()).searchParams.get("map")).toBe("meadow");
  expect([reconnects, drift]).toEqual([0, 0]);

  await page.reload();
  await playing(page);
  const reloaded = await hook(page);
  expect((await server.roomOf(reloaded.sessionId!)).state.map).toBe("meadow");
  expect(reloaded.server).toEqual(arrived.server);
});

test("the page stays on its map if the server refuses a join through a portal, and can follow the next portal", async () => {
  const page = await open(server.url);
  const { sessionId } = await hook(page);
  const room = await server.roomOf(sessionId!);
  const answer = page.waitForResponse((response) => response.url().includes("/matchmake/"));
  room.clients.get(sessionId!)!.send("portal", { map: "meadow", arrival: "a token that has expired" });
  expect((await answer).status()).toBe(ERRORS.arrivalInvalid.code);
  await walk(page, "ArrowUp", 200);
  const stayed = await hook(page);
  expect([stayed.sessionId, stayed.connected, stayed.reconnects]).toEqual([sessionId, true, 0]);
  await walk(page, "ArrowDown", 800);
  await until(async () => (await hook(page)).sessionId !== sessionId);
  await playing(page);
  expect((await server.roomOf((await hook(page)).sessionId!)).state.map).toBe("meadow");
});
