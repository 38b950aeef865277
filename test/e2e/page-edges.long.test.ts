// Tests in a real browser that users see their own players at the edges of the map.
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { DESKTOP, PHONE, PHONE_ON_ITS_SIDE, startBrowser, togglePanel } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

/** The area of the user's player and its name, in units from the player's centre. No element may cover this area. */
const FIGURE = { left: 12, right: 12, above: 30, below: 10 };

// All players start in a corner of the map: in one corner of the plaza, and in another corner of the meadow.
const { maps } = loadMaps(fileURLToPath(new URL("../../maps", import.meta.url)));
const [plaza, meadow] = ["plaza", "meadow"].map((name) => maps.get(name)!);
const inCorner = (map: typeof plaza, x: number, y: number) => ({ ...map!, spawns: [{ x, y }] });
const { open, test } = startBrowser();
const server = startServer({
  page: builtPage,
  maps: new Map([
    ["plaza", inCorner(plaza, plaza!.width - 12, 12)],
    ["meadow", inCorner(meadow, 12, meadow!.height - 12)],
  ]),
});

test.each<[string, BrowserContextOptions, "lag" | "settings" | undefined]>([
  ["a desktop with open panels", DESKTOP, "settings"],
  ["a phone", PHONE, undefined],
  ["a phone with an open panel", PHONE, "settings"],
  ["a narrow phone with an open panel", { ...PHONE, viewport: { width: 320, height: 640 } }, "settings"],
  ["a phone on its side with an open panel", PHONE_ON_ITS_SIDE, "lag"],
])("on %s, no element of the page covers the user's player in a corner of the map", async (_, options, panel) => {
  for (const map of ["plaza", "meadow"]) {
    const page = await open(`${server.url}/?map=${map}`, { ...options, reducedMotion: "reduce" });
    if (panel) await togglePanel(page, panel);
    // The page finds out a few times per second which part of the screen its panels cover, and then moves the camera.
    await page.waitForFunction(({ left, right, above, below }) => {
      const { view, shown } = window.sabang;
      const scale = innerWidth / view!.width;
      const at = (x: number, y: number) => [(shown!.x + x - view!.left) * scale, (shown!.y + y - view!.top) * scale];
      return [at(0, 0), at(-left, -above), at(right, -above), at(-left, below), at(right, below)].every(
        ([x, y]) => document.elementFromPoint(x!, y!)?.closest("#game") != null,
      );
    }, FIGURE);
    await page.close();
  }
});
