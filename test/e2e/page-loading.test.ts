// Tests the first seconds of the page in a real browser: how much it transfers, and what it shows while it loads.
import { expect } from "@jest/globals";
import { builtPage } from "../../src/http/page.ts";
import { barriers } from "../support/axe.ts";
import { playing, startBrowser } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const { blank, test } = startBrowser();
const server = startServer({ page: builtPage });

/** Maximum kB that the page transfers until the player can walk, pictures and the map included. */
const MAX_KILOBYTES = 450;

/** The script with Phaser, the largest part of the page. */
const ENGINE = "**/assets/scene-*.js";

test(`the page transfers at most ${MAX_KILOBYTES} kB before the player can walk`, async () => {
  const page = await blank();
  const devtools = await page.context().newCDPSession(page);
  const bytes = new Map<string, number>();
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes.set(requestId, encodedDataLength);
  });
  await devtools.send("Network.enable");
  await page.goto(server.url);
  await playing(page);
  const total = [...bytes.values()].reduce((sum, each) => sum + each, 0);
  // At least the page, its script and style, Phaser, the map, its tiles and the requests of the join were transferred.
  expect(bytes.size).toBeGreaterThanOrEqual(8);
  expect(total / 1000).toBeLessThanOrEqual(MAX_KILOBYTES);
});

test.each([
  ["en-US", "Loading…"],
  ["ko-KR", "불러오는 중…"],
])("in the locale %s, the page shows progress while Phaser loads, and axe finds no violation", async (locale, text) => {
  const page = await blank({ locale });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(ENGINE, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(server.url);
  const loading = page.locator("#loading");
  const bar = page.getByRole("progressbar");
  // The page's script has arrived, and the page joins although Phaser has not arrived yet.
  await page.waitForFunction(() => document.querySelector("progress")!.value === 3);
  expect([await loading.isVisible(), await loading.innerText()]).toEqual([true, expect.stringContaining(text)]);
  expect(await bar.getAttribute("max")).toBe("4");
  expect(await barriers(page)).toEqual([]);
  release();
  await playing(page);
  expect(await loading.isVisible()).toBe(false);
});

test("a page whose script has not arrived yet says in English and Korean that it is loading", async () => {
  const page = await blank();
  await page.route("**/assets/*.js", () => {});
  await page.goto(server.url, { waitUntil: "commit" });
  const loading = page.locator("#loading");
  await loading.waitFor();
  expect(await loading.innerText()).toMatch(/Loading….*불러오는 중…/);
});

test("if Phaser cannot be loaded, the page says that a part is missing, and offers to reload", async () => {
  const page = await blank();
  await page.route(ENGINE, (route) => route.abort());
  await page.goto(server.url);
  const button = page.getByRole("button", { name: "Reload" });
  await button.waitFor();
  expect(await page.locator("#banner").innerText()).toContain("A part of this page could not be loaded.");
  expect(await page.locator("#loading").isVisible()).toBe(false);
  await page.unroute(ENGINE);
  await button.click();
  await playing(page);
});
