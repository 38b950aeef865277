// Tests the page in a real browser: two players that see each other walk, WebGL and canvas, security headers, and
// returning players.
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
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
  togglePanel,
  tokenOf,
  walk,
} from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { MONITOR, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const { blank, open, test } = startBrowser();
const { open: openWithWebGl } = startBrowser({ webgl: true });
const server = startServer({ page: builtPage });

const OPERATOR = { httpCredentials: { username: MONITOR.user, password: MONITOR.password } };
const PICTURE = new URL("../../docs/images/page.png", import.meta.url).pathname;

/** A small window, because without a graphics card the CPU draws each pixel of WebGL. */
const TINY: BrowserContextOptions = { viewport: { width: 320, height: 240 } };

/**
 * Two host names of the server: a local one and one that is not local. Over plain HTTP, browsers send the Sec-Fetch-*
 * headers only to local hosts.
 */
const HOSTS = ["127.0.0.1", "game.example"] as const;

test("two pages without WebGL see each other's players walk, and the security headers block nothing", async () => {
  const pages: Page[] = [];
  const errors: string[] = [];
  const blocked: string[][] = [];
  for (const [host, name] of [
    [HOSTS[0], "Ada"],
    [HOSTS[1], "Mina 미나"],
  ] as const) {
    const page = await blank();
    page.on("pageerror", (error) => errors.push(error.message));
    blocked.push(refusalsOn(page));
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
  expect({ errors, blocked }).toEqual({ errors: [], blocked: [[], []] });
});

test("the page draws with WebGL or on a 2D canvas as the user chooses, and by default with the faster of the two", async () => {
  const page = await openWithWebGl(`${server.url}/?name=Ada`, process.env.SCREENSHOT ? DESKTOP : TINY);
  expect(await page.locator("#game canvas").evaluate(isWebGl)).toBe(true);
  const { shown } = await hook(page);
  await page.keyboard.down("ArrowLeft");
  await page.waitForFunction((x) => window.sabang.shown!.x < x - 16, shown!.x);
  await page.keyboard.up("ArrowLeft");
  // README.ko.md shows this picture. Only a run with SCREENSHOT=1 writes the file.
  const picture = await page.screenshot(process.env.SCREENSHOT ? { path: PICTURE } : {});
  expect(coloursOf(picture)).toBeGreaterThan(100);
  // With `auto`, the page draws on a 2D canvas, because this browser has no graphics card for WebGL.
  await togglePanel(page, "settings");
  for (const [renderer, webGl] of [
    ["auto", false],
    ["webgl", true],
    ["canvas", false],
  ] as const) {
    await Promise.all([page.waitForEvent("load"), page.locator("#renderer").selectOption(renderer)]);
    await playing(page);
    expect([renderer, await page.locator("#game canvas").evaluate(isWebGl)]).toEqual([renderer, webGl]);
    await togglePanel(page, "settings");
    expect(await page.locator("#renderer").inputValue()).toBe(renderer);
  }
}, 120_000);

test.each(HOSTS)("the security headers block nothing on the monitor page of the host %s", async (host) => {
  const monitor = await blank(OPERATOR);
  // Counts only requests that the headers block. Other requests may fail too: this machine may not reach Google's font,
  // for example.
  const blocked = refusalsOn(monitor);
  await monitor.goto(`http://${host}:${server.port}/monitor`);
  await PlainPlayer.join(server.url);
  // The name appears when the monitor's script has loaded the list of rooms.
  await monitor.getByText("world").first().waitFor({ timeout: 30_000 });
  expect(blocked).toEqual([]);
});

test("behind a proxy that removes the port from the Host header, the monitor's page names the header that the proxy must set", async () => {
  const proxy = createServer((asked, answer) => {
    const headers = { ...asked.headers, host: asked.headers.host!.split(":")[0] };
    const passed = request({ port: server.port, path: asked.url, method: asked.method, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    });
    asked.pipe(passed);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  try {
    server.expectLog(/page of http:\/\/game\.example:\d+\/monitor\/? was refused/);
    const monitor = await blank(OPERATOR);
    await monitor.goto(`http://game.example:${(proxy.address() as AddressInfo).port}/monitor`);
    await monitor.getByText("proxy_set_header Host $http_host").waitFor();
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("a page keeps its player and position after a reload, until a second tab takes over the player", async () => {
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
  expect(await first.locator("#banner").innerText()).toContain("You are playing in another window.");
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

  // The second window becomes another player, and stays that player after a reload. The first window keeps its player.
  await second.getByRole("button", { name: "Join as another player" }).click();
  await second.waitForFunction(() => window.sabang.connected);
  const other = nameOf(await hook(second));
  expect(other).not.toBe(nameOf(before));
  await until(async () => Object.keys((await hook(first)).players).length === 2);
  expect(idOf(await tokenOf(first))).toBe(idOf(token));
  await second.reload();
  await playing(second);
  expect(nameOf(await hook(second))).toBe(other);
  expect((await hook(first)).connected).toBe(true);
});

/** Returns whether a canvas is drawn with WebGL. */
const isWebGl = (canvas: SVGElement | HTMLElement) => (canvas as HTMLCanvasElement).getContext("2d") === null;

/** Returns the number of colours in an image. */
function coloursOf(picture: Buffer): number {
  const { data } = PNG.sync.read(picture);
  return new Set(new Uint32Array(data.buffer, data.byteOffset, data.length / 4)).size;
}
