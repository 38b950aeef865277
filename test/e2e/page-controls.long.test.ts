// Tests the page's keys in a real browser: after the focus has moved, and after a key release that the browser has not
// reported.
import { expect } from "@jest/globals";
import { builtPage } from "../../src/http/page.ts";
import { atRest, DESKTOP, hook, startBrowser, togglePanel, walk } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const { open, test } = startBrowser();
const server = startServer({ page: builtPage });

/** Milliseconds in which a held key would cause several steps. */
const A_WHILE_MS = 300;

test.each([
  // While the Command key is down, macOS does not report the release of other keys.
  ["the Command key is released", "keyup", "Meta"],
  ["the window loses the focus", "blur", ""],
])("a held key no longer moves the player when %s", async (_, type, key) => {
  const page = await open(server.url);
  const start = await hook(page);
  await page.keyboard.down("ArrowLeft");
  await page.waitForFunction((x) => window.sabang.server!.x < x, start.self!.x);
  await page.evaluate(
    ([type, key]) => window.dispatchEvent(key ? new KeyboardEvent(type, { key, code: `${key}Left` }) : new Event(type)),
    [type, key] as const,
  );
  await atRest(page);
  const released = await hook(page);
  await page.waitForTimeout(A_WHILE_MS);
  expect((await hook(page)).self).toEqual(released.self);
  // The page received no event for the release of the arrow key. Still, only the next key moves the player.
  await walk(page, "ArrowUp", A_WHILE_MS);
  await atRest(page);
  const { self } = await hook(page);
  expect(self!.x).toBe(released.self!.x);
  expect(self!.y).toBeLessThan(released.self!.y);
});

test("keys move the player again after the user has confirmed a new name with Enter", async () => {
  const page = await open(server.url, DESKTOP);
  await togglePanel(page, "settings");
  await page.locator("#name").fill("Ada");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.sabang.players[window.sabang.sessionId!]?.name === "Ada");
  const { self } = await hook(page);
  await walk(page, "a", A_WHILE_MS);
  expect((await hook(page)).self!.x).toBeLessThan(self!.x);
  expect(await page.locator("#name").inputValue()).toBe("Ada");
});
