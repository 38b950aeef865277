// Tests the page in a real browser while the network fails: what the page shows, and how soon it is back.
import { expect } from "@jest/globals";
import type { Page, Route } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { hook, startBrowser } from "../support/browser.ts";
import { type LaggyNetwork, laggyNetwork } from "../support/lag.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const { blank, open, test } = startBrowser();
const server = startServer({ page: builtPage });

const LOST = "Connection lost. Reconnecting…";

/** Milliseconds after a key press within which the page must say that the server does not answer. */
const KEY_LIMIT_MS = 3000;

/** Milliseconds within which the page must be back after the network is available again. */
const BACK_LIMIT_MS = 10_000;

/** Milliseconds without network: longer than the heartbeat and two attempts to connect. */
const AWAY_MS = 12_000;

const bannerOf = (page: Page) =>
  page.evaluate(() => {
    const banner = document.getElementById("banner")!;
    return banner.classList.contains("shown") ? document.getElementById("banner-text")!.textContent : undefined;
  });

/** Opens the page over a simulated network. The test controls this network and the page's clock. */
async function openWithClock(): Promise<{ page: Page; network: LaggyNetwork }> {
  const network = await laggyNetwork(server.port, 1);
  const page = await open(network.url, { clock: true });
  // The page reports a missing answer only after it has measured the round trip.
  await page.waitForFunction(() => window.sabang.rtt > 0);
  return { page, network };
}

test("within 3 s of an unanswered key press, the page says that it is reconnecting, and then resumes its session", async () => {
  const { page, network } = await openWithClock();
  await page.clock.pauseAt(new Date(Date.now() + 1000));
  network.silence();
  await page.clock.runFor(1000);
  expect(await bannerOf(page)).toBeUndefined();
  await page.keyboard.down("ArrowLeft");
  await page.clock.runFor(KEY_LIMIT_MS);
  expect(await bannerOf(page)).toBe(LOST);
  if (process.env.SCREENSHOT) await page.screenshot({ path: "test-results/page-stalled.png" });
  await page.keyboard.up("ArrowLeft");
  const { sessionId } = await hook(page);
  network.cut();
  await page.clock.resume();
  await page.waitForFunction(() => window.sabang.reconnects === 1 && window.sabang.connected);
  expect((await hook(page)).sessionId).toBe(sessionId);
  network.close();
});

test("the status line shows the seconds since the server's last answer while the server does not answer", async () => {
  const { page, network } = await openWithClock();
  const status = page.locator("#status-text");
  await until(async () => /^0 in sight · \d+ ms$/.test(await status.innerText()));
  await page.clock.pauseAt(new Date(Date.now() + 1000));
  network.silence();
  await page.clock.runFor(5000);
  expect(await status.innerText()).toMatch(/^no answer for [345] s$/);
  network.cut();
  await page.clock.resume();
  await page.waitForFunction(() => / \d+ ms$/.test(document.getElementById("status-text")!.textContent!));
  network.close();
});

test("the page detects within 3 s of the first key press that its connection died while the page was suspended", async () => {
  const { page, network } = await openWithClock();
  const { sessionId } = await hook(page);
  await page.clock.pauseAt(new Date(Date.now() + 1000));
  network.goAway();
  // Each timer that is due fires only once, as in an app that was suspended.
  await page.clock.fastForward(9000);
  await page.keyboard.down("ArrowLeft");
  await page.clock.runFor(KEY_LIMIT_MS);
  expect(await bannerOf(page)).toBe(LOST);
  // The page itself has given up the connection. The server has not noticed that the connection is dead.
  network.restore();
  network.cutNearEnd();
  await page.clock.resume();
  await page.waitForFunction(() => window.sabang.reconnects === 1 && window.sabang.connected);
  expect((await hook(page)).sessionId).toBe(sessionId);
  network.close();
});

test("the page is back in its session within 10 s after a long network outage", async () => {
  const network = await laggyNetwork(server.port, 1);
  const page = await open(network.url);
  const { sessionId } = await hook(page);
  network.goAway();
  await page.waitForTimeout(AWAY_MS);
  expect(await bannerOf(page)).toBe(LOST);
  network.restore();
  await page.waitForFunction(() => window.sabang.connected, null, { timeout: BACK_LIMIT_MS });
  expect((await hook(page)).sessionId).toBe(sessionId);
  network.close();
});

test("the page joins within 10 s after the end of a network outage that began during the first join", async () => {
  const network = await laggyNetwork(server.port, 1);
  const page = await blank();
  // The page itself is loaded, and then the network fails.
  const engine = page.waitForEvent("requestfinished", (request) => request.url().includes("/assets/scene-"));
  const fail = async (route: Route) => {
    await engine;
    network.goAway();
    await route.continue();
  };
  await page.route("**/auth/anonymous", fail, { times: 1 });
  await page.goto(network.url);
  await page.getByText("reconnecting").waitFor();
  await page.waitForTimeout(AWAY_MS);
  network.restore();
  await page.waitForFunction(() => window.sabang.connected, null, { timeout: BACK_LIMIT_MS });
  network.close();
});
