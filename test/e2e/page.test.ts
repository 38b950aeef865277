// The page in a real browser: two people see each other walk, prediction under lag, lost connections, restarts.
import { existsSync, mkdirSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium, type Page } from "playwright-core";
import { laggyNetwork } from "../support/lag.ts";
import { startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const INSTALLED = ["/usr/bin/google-chrome", "/usr/bin/chromium"].find((path) => existsSync(path));
const SHOTS = new URL("../../docs/images/", import.meta.url).pathname;

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: INSTALLED ?? (await sparticuz.executablePath()),
    // Its single process would end with the first profile that is closed.
    args: [
      ...sparticuz.args.filter((flag) => flag !== "--single-process"),
      "--no-sandbox",
      "--disable-quic",
      "--disable-background-networking",
    ],
    headless: true,
  });
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(() => browser.close());

/** Opens the page in a browser profile of its own and waits until it plays. */
async function open(url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => window.sabang?.connected && window.sabang.self !== undefined, null, {
    timeout: 60_000,
  });
  return page;
}

/** What the page says of itself; a copy. */
const hook = (page: Page) => page.evaluate(() => ({ ...window.sabang, players: { ...window.sabang.players } }));

/** Waits until nothing is under way: all inputs are answered. */
async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() => window.sabang.unacknowledged === 0, null, { timeout: 30_000 });
}

async function walk(page: Page, key: string, milliseconds: number): Promise<void> {
  await page.keyboard.down(key);
  await page.waitForTimeout(milliseconds);
  await page.keyboard.up(key);
}

test("two pages: one walks, the other sees it", async () => {
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const ada = await open(`${url}/?name=Ada`);
  const mina = await open(`${url}/?name=${encodeURIComponent("Mina 미나")}`);
  const faults: string[] = [];
  for (const page of [ada, mina]) page.on("pageerror", (error) => faults.push(error.message));
  const { sessionId, self } = await hook(ada);
  for (const key of ["ArrowLeft", "ArrowDown", "w", "d"]) await walk(ada, key, 400);
  await walk(mina, "ArrowUp", 300);
  await atRest(ada);
  const after = await hook(ada);
  expect(after.server).toEqual(after.self);
  expect(after.drift).toBe(0);
  expect(self).toBeDefined();
  const { x, y } = after.self!;
  await mina.waitForFunction(
    ([id, x, y]) => {
      const seen = window.sabang.players[id as string];
      return seen?.x === x && seen.y === y;
    },
    [sessionId!, x, y] as const,
  );
  mkdirSync(SHOTS, { recursive: true });
  // README's picture: taken anew with SCREENSHOT=1, so that a plain run leaves the tree as it was.
  if (process.env.SCREENSHOT) await ada.screenshot({ path: `${SHOTS}page.png` });
  await mina.close();
  await until(async () => Object.keys((await hook(ada)).players).length === 1);
  expect(faults).toEqual([]);
});

test("with 200 ms of lag the own player moves on the next frame, and prediction is never wrong", async () => {
  const server = startProcess();
  const port = await server.listening();
  const network = await laggyNetwork(port, 100);
  const page = await open(network.url);
  const frames = await page.evaluate(
    () =>
      new Promise<{ shown: number; confirmed: boolean }>((resolve) => {
        const start = window.sabang.self!;
        const confirmedAt = window.sabang.server!;
        let count = 0;
        const look = () => {
          count++;
          const { self, server } = window.sabang;
          if (self!.x === start.x && self!.y === start.y && count < 120) return requestAnimationFrame(look);
          resolve({ shown: count, confirmed: server!.x !== confirmedAt.x || server!.y !== confirmedAt.y });
        };
        requestAnimationFrame(() => {
          window.dispatchEvent(new KeyboardEvent("keydown", { code: "ArrowLeft", key: "ArrowLeft", bubbles: true }));
          requestAnimationFrame(look);
        });
      }),
  );
  await page.evaluate(() =>
    window.dispatchEvent(new KeyboardEvent("keyup", { code: "ArrowLeft", key: "ArrowLeft", bubbles: true })),
  );
  // The server can know nothing of it yet, so what moved was the prediction.
  expect(frames.confirmed).toBe(false);
  expect(frames.shown).toBeLessThanOrEqual(2);
  // Into a wall, along it and against it.
  await page.keyboard.down("ArrowLeft");
  await until(async () => {
    const before = (await hook(page)).self!;
    await page.waitForTimeout(300);
    return (await hook(page)).self!.x === before.x;
  }, 30_000);
  await page.keyboard.up("ArrowLeft");
  for (const key of ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowLeft"]) await walk(page, key, 700);
  // Over open ground, back and forth.
  for (const key of ["ArrowRight", "ArrowUp", "ArrowRight", "ArrowDown"]) await walk(page, key, 1000);
  await atRest(page);
  const end = await hook(page);
  expect(end.drift).toBe(0);
  expect(end.server).toEqual(end.self);
  network.close();
});

test("a lost connection is told of and comes back by itself, with the same player", async () => {
  const server = startProcess();
  const network = await laggyNetwork(await server.listening(), 1);
  const page = await open(network.url);
  const before = await hook(page);
  network.cut();
  await page.waitForFunction(() => document.body.innerText.includes("reconnecting"), null, { timeout: 30_000 });
  await page.waitForFunction(() => window.sabang.connected && window.sabang.reconnects === 1, null, {
    timeout: 30_000,
  });
  expect((await hook(page)).sessionId).toBe(before.sessionId);
  await walk(page, "ArrowLeft", 300);
  await atRest(page);
  expect((await hook(page)).drift).toBe(0);
  network.close();
});

test("a restarted server is joined again by itself", async () => {
  const first = startProcess();
  const port = await first.listening();
  const page = await open(`http://127.0.0.1:${port}`);
  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);
  await page.waitForFunction(() => !window.sabang.connected);
  const second = startProcess({ PORT: String(port) });
  await second.listening();
  await page.waitForFunction(() => window.sabang.connected, null, { timeout: 30_000 });
});
