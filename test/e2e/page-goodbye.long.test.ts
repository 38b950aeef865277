// Tests in Chromium, Firefox and WebKit that the page leaves the room when the user leaves the page: the player is gone
// at once. After a short suspension of the browser, the player is still there.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Room } from "@colyseus/sdk";
import { afterAll, afterEach, beforeAll, describe, expect } from "@jest/globals";
import type { WorldState } from "../../schema/world-state.ts";
import { builtPage } from "../../src/http/page.ts";
import { startBrowser } from "../support/browser.ts";
import { endBrowsers, type OtherBrowser, startFirefox, startWebKit } from "../support/other-browsers.ts";
import { testWith } from "../support/requiring.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const { blank, test: testWithChromium } = startBrowser();
// The server holds the seat of a lost connection for longer than a test waits. So if the page does not leave the room,
// its player stays in the world.
const server = startServer({ page: builtPage, reconnectionSeconds: 60 });

/** Milliseconds within which the player of a page must be gone. */
const AT_ONCE_MS = 5000;

/** Milliseconds for which a browser is suspended. The server drops a silent connection after 6 s. */
const SUSPENSION_MS = 2000;

/** Another site, which takes a while to answer. */
let elsewhere: Server;
let elsewhereUrl: string;
beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    const isDownload = request.url === "/download";
    if (isDownload) response.setHeader("Content-Disposition", "attachment");
    setTimeout(() => response.setHeader("Content-Type", "text/html").end("<p>elsewhere</p>"), 300);
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
});
afterAll(() => elsewhere.close().closeAllConnections());

let witness: Room<unknown, WorldState> | undefined;
afterEach(async () => {
  await endBrowsers();
  if (witness?.connection.isOpen) await witness.leave();
  witness = undefined;
});

/** The functions of a browser that these tests use. */
type LeftBrowser = Pick<OtherBrowser, "open" | "back" | "evaluate" | "closeTab" | "signal">;

/**
 * Runs a script that makes the browser follow a link after the script has returned. If the browser left the page
 * earlier, its driver might lose the script's result.
 */
const follow = (browser: LeftBrowser, url: string) =>
  browser.evaluate(`void setTimeout(() => { location.href = ${JSON.stringify(url)}; })`);

/** Starts Chromium, which the tests control with the same functions as the other browsers. */
async function startChromium(): Promise<LeftBrowser> {
  const page = await blank();
  return {
    open: async (url) => void (await page.goto(url)),
    back: async () => void (await page.goBack()),
    evaluate: (expression) => page.evaluate(expression),
    closeTab: () => page.close({ runBeforeUnload: true }),
    signal: () => {},
  };
}

describe.each([
  ["Chromium", startChromium, testWithChromium],
  ["Firefox", startFirefox, testWith("firefox")],
  ["WebKit", startWebKit, testWith("webkit")],
] as const)("in %s", (name, start, test) => {
  /** Opens the page, and joins with another client, the witness, which sees the page's player. */
  async function play() {
    witness = await joinWithSdk(server);
    const { players } = witness.state;
    const browser: LeftBrowser = await start();
    await browser.open(server.url);
    const isOther = (id: string) => id !== witness!.sessionId;
    /** Waits for the page's player, and returns its session id. */
    const joined = () => until(() => [...players.keys()].find(isOther), 30_000);
    const gone = () => until(() => players.size === 1, AT_ONCE_MS);
    return { browser, joined, gone, players };
  }

  test("the player leaves when the user follows a link, and is back in its place when the user returns", async () => {
    const { browser, joined, gone, players } = await play();
    const first = await joined();
    const { x, y, name } = players.get(first)!;
    await follow(browser, elsewhereUrl);
    await gone();
    await until(async () => (await browser.evaluate("document.body.innerText").catch(() => "")) === "elsewhere");
    await browser.back();
    const second = await joined();
    expect(players.get(second)).toMatchObject({ x, y, name });
  }, 90_000);

  test("the player leaves when the user closes the tab", async () => {
    const { browser, joined, gone } = await play();
    await joined();
    await browser.closeTab();
    await gone();
  }, 90_000);

  test("the player comes back to its place if a link only starts a download and the page stays open", async () => {
    const { browser, joined, gone, players } = await play();
    const first = await joined();
    const { x, y, name } = players.get(first)!;
    await follow(browser, `${elsewhereUrl}download`);
    await gone();
    const second = await joined();
    expect(players.get(second)).toMatchObject({ x, y, name });
  }, 90_000);

  // Suspending Chromium would suspend the processes of other tests.
  if (name !== "Chromium") {
    test("the player keeps its session while the browser is suspended for two seconds", async () => {
      const { browser, joined, players } = await play();
      const first = await joined();
      browser.signal("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, SUSPENSION_MS));
      expect(players.has(first)).toBe(true);
      browser.signal("SIGCONT");
      expect(await joined()).toBe(first);
    }, 90_000);
  }
});
