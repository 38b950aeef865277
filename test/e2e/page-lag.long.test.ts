// Tests the lag panel in a real browser: a simulated slow network, with and without client-side prediction.
import { fileURLToPath } from "node:url";
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { atRest, hook, setLag, startBrowser, togglePanel, walk } from "../support/browser.ts";
import { laggyNetwork } from "../support/lag.ts";
import { startServer } from "../support/server.ts";

// The map of these tests has only one spawn, in a corner between walls.
const plaza = loadMaps(fileURLToPath(new URL("../../maps", import.meta.url))).maps.get("plaza")!;
const CORNER = { left: 716, spawn: { x: 740, y: 1304 } };

const { open, test } = startBrowser();
const server = startServer({ page: builtPage, maps: new Map([["plaza", { ...plaza, spawns: [CORNER.spawn] }]]) });

const LAG_MS = 200;

/** Presses a key until the drawn player moves. Resolves with the number of frames and milliseconds until then. */
function press(page: Page, key: string) {
  return page.evaluate(
    (code) =>
      new Promise<{ frames: number; milliseconds: number; confirmed: boolean; ghostMoved: boolean }>((resolve) => {
        const before = { ...window.sabang };
        const differs = (one?: { x: number; y: number }, other?: { x: number; y: number }) =>
          one?.x !== other?.x || one?.y !== other?.y;
        const send = (type: string) => window.dispatchEvent(new KeyboardEvent(type, { code, key: code }));
        const start = performance.now();
        let frames = 0;
        const onFrame = () => {
          frames++;
          const now = window.sabang;
          if (!differs(now.shown, before.shown) && frames < 3000) return requestAnimationFrame(onFrame);
          send("keyup");
          resolve({
            frames,
            milliseconds: performance.now() - start,
            confirmed: differs(now.server, before.server),
            ghostMoved: differs(now.ghost, before.ghost),
          });
        };
        requestAnimationFrame(() => {
          send("keydown");
          requestAnimationFrame(onFrame);
        });
      }),
    key,
  );
}

test("at 200 ms of lag, the user's player moves at once if prediction is on, and after a round trip if it is off", async () => {
  const page = await open(server.url);
  await togglePanel(page, "lag");
  await page.locator("#ghost").check();
  await setLag(page, LAG_MS);
  await page.waitForFunction(() => window.sabang.ghost !== undefined);

  const predicted = await press(page, "ArrowLeft");
  // Only the predicted player has moved. The ghost shows the position on the server, which has received no input yet.
  expect(predicted).toMatchObject({ confirmed: false, ghostMoved: false });
  expect(predicted.frames).toBeLessThanOrEqual(2);
  await atRest(page);
  await page.waitForFunction(() => window.sabang.ghost?.x === window.sabang.shown?.x);

  await page.locator("#predicted").uncheck();
  expect(await page.locator("#ghost").isDisabled()).toBe(true);
  const unpredicted = await press(page, "ArrowRight");
  // The player moves when the server has answered, after a round trip.
  expect(unpredicted.confirmed).toBe(true);
  expect(unpredicted.milliseconds).toBeGreaterThanOrEqual(LAG_MS);
  expect(unpredicted.frames).toBeGreaterThan(predicted.frames);
  await atRest(page);
  expect(await hook(page)).toMatchObject({ ghost: undefined, drift: 0 });

  expect(await page.locator("#round-trip-value").innerText()).toBe("200 ms");
  await page.waitForFunction(() => document.getElementById("unacknowledged")?.textContent === "0");
  expect(Number.parseInt(await page.locator("#measured").innerText(), 10)).toBeGreaterThanOrEqual(LAG_MS - 1);
  expect(await page.locator("#corrected").innerText()).toBe("0 units");
});

test("at 400 ms of lag and 100 ms of jitter, every prediction is correct, even after a reconnection", async () => {
  const network = await laggyNetwork(server.port, 100);
  const page = await open(network.url);
  // The proxy and the lag panel each add 200 ms to the round trip.
  await togglePanel(page, "lag");
  await setLag(page, 200, 100, 400);
  const start = await hook(page);
  // Walks against the walls of the corner, along them, and over open ground.
  for (const key of ["ArrowLeft", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowUp"]) await walk(page, key, 400);
  await atRest(page);
  const before = await hook(page);
  expect(before.self).not.toEqual(start.self);
  expect(before.self!.x).toBe(CORNER.left);
  expect(before.drift).toBe(0);
  expect(before.server).toEqual(before.self);
  // The connection breaks in the middle of a walk, with inputs in flight.
  await page.keyboard.down("ArrowUp");
  await page.waitForFunction(() => window.sabang.unacknowledged > 1);
  const reported = page.getByText("reconnecting").waitFor({ timeout: 30_000 });
  network.cut();
  await reported;
  await page.waitForFunction(() => window.sabang.reconnects === 1 && window.sabang.connected, null, {
    timeout: 30_000,
  });
  await page.keyboard.up("ArrowUp");
  await walk(page, "ArrowRight", 400);
  await atRest(page);
  const after = await hook(page);
  expect(after.sessionId).toBe(before.sessionId);
  expect(after.server).toEqual(after.self);
  expect(after.drift).toBe(0);
  network.close();
});
