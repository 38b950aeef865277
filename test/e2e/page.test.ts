// The page in a real browser: two people see each other walk, what it is drawn with, security headers, returning players.
import { expect } from "@jest/globals";
import type { BrowserContextOptions, Page } from "playwright-core";
import { PNG } from "pngjs";
import { builtPage } from "../../src/http/page.ts";
import {
  atRest,
  DESKTOP,
  hook,
  idOf,
  joinsOf,
  letAMinutePass,
  nameOf,
  playing,
  refusalsOn,
  startBrowser,
  tokenOf,
  walk,
} from "../support/browser.ts";
import { onlyLong } from "../support/long.ts";
import { PlainPlayer } from "../support/plain.ts";
import { MONITOR, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const { blank, open, test } = startBrowser();
const { open: openWithWebGl } = startBrowser({ webgl: true });
const server = startServer({ page: builtPage });

const OPERATOR = { httpCredentials: { username: MONITOR.user, password: MONITOR.password } };
const PICTURE = new URL("../../docs/images/page.png", import.meta.url).pathname;

/** Without a graphics card each pixel that WebGL draws takes its time. */
const TINY: BrowserContextOptions = { viewport: { width: 320, height: 240 } };

/** To other hosts than localhost browsers say less by plain http, of the page that asks above all. */
const HOSTS = ["127.0.0.1", "game.example"] as const;

test("two pages without WebGL: one walks, the other sees it, and the security headers let them", async () => {
  const pages: Page[] = [];
  const faults: string[] = [];
  const refused: string[][] = [];
  for (const [host, name] of [
    [HOSTS[0], "Ada"],
    [HOSTS[1], "Mina 미나"],
  ] as const) {
    const page = await blank();
    page.on("pageerror", (error) => faults.push(error.message));
    refused.push(refusalsOn(page));
    await page.goto(`http://${host}:${server.port}/?name=${encodeURIComponent(name)}`);
    await playing(page);
    pages.push(page);
  }
  const [ada, mina] = pages as [Page, Page];
  const { sessionId, self } = await hook(ada);
  for (const key of ["ArrowLeft", "ArrowDown", "w", "d"]) await walk(ada, key, 250);
  await walk(mina, "ArrowUp", 250);
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
  expect(await ada.locator("#game canvas").evaluate(isWebGl)).toBe(false);
  expect(coloursOf(await ada.screenshot())).toBeGreaterThan(100);
  await mina.close();
  await until(async () => Object.keys((await hook(ada)).players).length === 1);
  expect({ faults, refused }).toEqual({ faults: [], refused: [[], []] });
});

test("where there is WebGL it is drawn with that", async () => {
  const page = await openWithWebGl(`${server.url}/?name=Ada`, process.env.SCREENSHOT ? DESKTOP : TINY);
  expect(await page.locator("#game canvas").evaluate(isWebGl)).toBe(true);
  const { shown } = await hook(page);
  await page.keyboard.down("ArrowLeft");
  await page.waitForFunction((x) => window.sabang.shown!.x < x - 16, shown!.x);
  await page.keyboard.up("ArrowLeft");
  // README.ko.md's picture: taken again with SCREENSHOT=1, so that a plain run leaves the tree as it was.
  const picture = await page.screenshot(process.env.SCREENSHOT ? { path: PICTURE } : {});
  expect(coloursOf(picture)).toBeGreaterThan(100);
}, 120_000);

test.each(HOSTS)("the security headers let the monitor do all it does: %s", async (host) => {
  const monitor = await blank(OPERATOR);
  // A font from Google may be out of reach here.
  const refused = refusalsOn(monitor);
  await monitor.goto(`http://${host}:${server.port}/monitor`);
  await PlainPlayer.join(server.url);
  // It lists the room, which its script has asked for.
  await monitor.getByText("world").first().waitFor({ timeout: 30_000 });
  expect(refused).toEqual([]);
});

onlyLong(() => {
  test.each(HOSTS)("no link of another site makes the operator's browser call the monitor: %s", async (host) => {
    const { port } = server;
    const monitor = await blank(OPERATOR);
    // Who has just used the monitor has its password in the browser, which sends it along by itself.
    await monitor.goto(`http://${host}:${port}/monitor`);
    await monitor.getByText("Connections").first().waitFor({ timeout: 30_000 });
    for (const rel of ["", "noreferrer"]) {
      for (const [path, status] of [
        ["api", 403],
        ["", 200],
      ] as const) {
        await monitor.goto(`http://evil.example:${port}/healthz`);
        await monitor.setContent(`<a rel="${rel}" href="http://${host}:${port}/monitor/${path}">Look!</a>`);
        const [answer] = await Promise.all([
          monitor.waitForResponse(`http://${host}:${port}/monitor/${path}`),
          monitor.getByText("Look!").click(),
        ]);
        expect([rel, path, answer.status()]).toEqual([rel, path, status]);
      }
    }
  });
});

test("a browser is one player: loaded again it stands where it stood, and a second tab takes over until told otherwise", async () => {
  const first = await open(server.url, { clock: true });
  const token = await tokenOf(first);
  await walk(first, "ArrowUp", 250);
  await atRest(first);
  const before = await hook(first);
  await first.reload();
  await playing(first);
  const after = await hook(first);
  expect(after.server).toEqual(before.server);
  expect(nameOf(after)).toBe(nameOf(before));
  expect(Object.keys(after.players)).toHaveLength(1);
  expect(idOf(await tokenOf(first))).toBe(idOf(token));

  const second = await first.context().newPage();
  await second.goto(server.url);
  await playing(second);
  const button = first.getByRole("button", { name: "Play here" });
  await button.waitFor();
  expect(await first.locator("#banner").innerText()).toContain("You play on in another window.");
  const joins = joinsOf(first);
  await letAMinutePass(first);
  await walk(second, "ArrowUp", 250);
  await atRest(second);
  expect(joins).toEqual([]);
  expect((await hook(second)).connected).toBe(true);
  expect(Object.keys((await hook(second)).players)).toHaveLength(1);
  await button.click();
  await first.waitForFunction(() => window.sabang.connected);
  await second.getByRole("button", { name: "Play here" }).waitFor();
  expect(Object.keys((await hook(first)).players)).toHaveLength(1);
  expect(await first.locator("#banner").innerText()).not.toContain("another window");
});

/** Whether a canvas is drawn on with WebGL. */
const isWebGl = (canvas: SVGElement | HTMLElement) => (canvas as HTMLCanvasElement).getContext("2d") === null;

/** How many colours a picture has. */
function coloursOf(picture: Buffer): number {
  const { data } = PNG.sync.read(picture);
  return new Set(new Uint32Array(data.buffer, data.byteOffset, data.length / 4)).size;
}
