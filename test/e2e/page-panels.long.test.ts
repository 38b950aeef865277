// Tests the panels in a real browser: nearest players, map, name and language; keys, focus, and announcements for
// screen readers.
import { fileURLToPath } from "node:url";
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { middleOf, OVERHANG } from "../../web/camera.ts";
import { barriers } from "../support/axe.ts";
import {
  atRest,
  DESKTOP,
  hook,
  nameOf,
  PHONE,
  PHONE_ON_ITS_SIDE,
  playing,
  startBrowser,
  togglePanel,
  walk,
} from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

// The test's map has spawns only near the centre, so that all players are in sight of each other.
const plaza = loadMaps(fileURLToPath(new URL("../../maps", import.meta.url))).maps.get("plaza")!;
const spawns = plaza.spawns.filter(({ x, y }) => Math.hypot(x - plaza.width / 2, y - plaza.height / 2) < 160);
const { open, test } = startBrowser();
const server = startServer({ page: builtPage, seed: 1, maps: new Map([["plaza", { ...plaza, spawns }]]) });

/** Returns the rows of the list of nearest players: names, visible texts, and texts for screen readers. */
function nearList(page: Page): Promise<{ name: string; shortText: string; spokenText: string }[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("#near li:not([hidden])")].map((item) => {
      const [name = "", shortText = "", spokenText = ""] = [...item.children].map((child) => child.textContent ?? "");
      return { name, shortText, spokenText };
    }),
  );
}

/** Returns the colours, as `#rrggbb`, of the minimap's pixels that are within `reach` pixels of a world position. */
function coloursAt(page: Page, x: number, y: number, reach: number): Promise<string[]> {
  return page.evaluate(
    ({ x, y, reach }) => {
      const canvas = document.getElementById("minimap") as HTMLCanvasElement;
      const scale = canvas.width / 2048;
      const side = 2 * reach + 1;
      const { data } = canvas
        .getContext("2d")!
        .getImageData(Math.round(x * scale) - reach, Math.round(y * scale) - reach, side, side);
      const hex = (value: number) => value.toString(16).padStart(2, "0");
      return Array.from(
        { length: side * side },
        (_, at) => `#${[0, 1, 2].map((c) => hex(data[4 * at + c]!)).join("")}`,
      );
    },
    { x, y, reach },
  );
}

/** Returns whether any of the colours is close to `expected`. The canvas blends a thin line with its background. */
function hasNearly(colours: string[], expected: string): boolean {
  const parts = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return colours.some((colour) => parts(colour).every((part, at) => Math.abs(part - parts(expected)[at]!) <= 24));
}

test("the players panel lists the nearest twelve players, counts the others, and announces arrivals", async () => {
  const page = await open(server.url, DESKTOP);
  const noPlayers = page.locator("#no-players");
  expect(await noPlayers.isVisible()).toBe(true);
  await page.waitForFunction(() => document.getElementById("news")?.textContent !== "");
  expect(await page.locator("#news").innerText()).toContain("You are on the map plaza. 0 other players in sight.");

  const others: PlainPlayer[] = [];
  for (let number = 0; number < 20; number++) others.push(await PlainPlayer.join(server.url, `?name=Guest ${number}`));
  await page.waitForFunction(() => document.getElementById("count")?.textContent === "20 in sight");
  await page.waitForFunction(() => document.querySelectorAll("#near li:not([hidden])").length === 12);
  const { self, sessionId, players } = await hook(page);
  const distances = Object.entries(players)
    .filter(([id]) => id !== sessionId)
    .map(([, { x, y }]) => Math.round(Math.hypot(x - self!.x, y - self!.y) / 8))
    .sort((one, other) => one - other);
  const list = await nearList(page);
  expect(list.map(({ shortText }) => Number.parseInt(shortText, 10))).toEqual(distances.slice(0, 12));
  for (const { name, shortText, spokenText } of list) {
    expect(name).toMatch(/^Guest \d+$/);
    expect(shortText).toMatch(/^\d+ [←↑→↓↖↗↘↙•]$/);
    expect(spokenText).toMatch(/^\d+ steps?, (above|below|to the)|right here/);
  }
  expect(await page.locator("#more").innerText()).toBe(`and ${distances.length - 12} others`);
  await page.waitForFunction(() => /players came into sight\.$/.test(document.getElementById("news")!.textContent!));

  // The minimap shows the page's own player in gold, and the other players with a dark rim.
  await page.waitForFunction(() => document.getElementById("minimap")!.clientWidth > 0);
  await until(async () => (await coloursAt(page, self!.x, self!.y, 1)).includes("#ffd27a"));
  const farthest = Object.entries(players)
    .filter(([id]) => id !== sessionId)
    .sort(
      ([, one], [, other]) =>
        Math.hypot(other.x - self!.x, other.y - self!.y) - Math.hypot(one.x - self!.x, one.y - self!.y),
    )[0]!;
  await until(async () => hasNearly(await coloursAt(page, farthest[1].x, farthest[1].y, 4), "#14181c"));
  const { view } = await hook(page);
  expect(hasNearly(await coloursAt(page, view!.left, view!.top + view!.height / 3, 1), "#f6f1e4")).toBe(true);
  // A pond is a wall, and differs in colour from open ground.
  const [pond] = await coloursAt(page, 400, 400, 0);
  expect(pond).not.toBe((await coloursAt(page, 60, 60, 0))[0]);
  for (const other of others) other.socket.close();
  await until(() => others.every(({ closed }) => closed));
});

test("the settings panel changes the page's language and the player's name, and the player keeps its position", async () => {
  const page = await open(`${server.url}/?name=Ada`, { ...DESKTOP, locale: "ko-KR" });
  const language = () => page.evaluate(() => document.documentElement.lang);
  expect(await language()).toBe("ko");
  expect(await page.locator("#status").innerText()).toMatch(/^0명 보임/);
  expect(await page.locator("#hint").innerText()).toContain("키로 걷기");
  await togglePanel(page, "settings");
  await page.locator("#language").selectOption({ label: "English" });
  expect(await language()).toBe("en");
  await page.waitForFunction(() => document.getElementById("status")?.textContent?.startsWith("0 in sight"));
  expect(await page.locator("#hint").innerText()).toContain("to walk");

  const witness = await PlainPlayer.join(server.url);
  await page.locator("#game").focus();
  await walk(page, "ArrowLeft", 250);
  await atRest(page);
  const before = await hook(page);
  // To change the name, the page joins again as the same player.
  await page.locator("#name").fill("미나 Mina");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.sabang.players[window.sabang.sessionId!]?.name === "미나 Mina");
  const after = await hook(page);
  expect(after.server).toEqual(before.server);
  expect(after.reconnects).toBe(0);
  expect(new URL(page.url()).searchParams.get("name")).toBe("미나 Mina");
  await until(() => witness.players.size === 2);

  await page.locator("#name").fill("a name of more than twenty-four characters");
  await page.getByRole("button", { name: "Change" }).click();
  await page.waitForFunction(() => document.getElementById("name-error")?.textContent !== "");
  expect(await page.locator("#name-error").innerText()).toContain("1 to 24 characters");
  await playing(page);
  const still = await hook(page);
  expect(nameOf(still)).toBe("미나 Mina");
  expect(still.server).toEqual(before.server);
  witness.socket.close();

  await page.reload();
  await playing(page);
  expect(await language()).toBe("en");
  expect(nameOf(await hook(page))).toBe("미나 Mina");
});

test("with the keyboard alone, a user can walk and reach every control of the panels", async () => {
  const page = await open(server.url, DESKTOP);
  for (const panel of ["lag", "settings"] as const) await togglePanel(page, panel);
  const { self } = await hook(page);
  // A focused control receives the key presses. After a click on a control, the focus returns to the game.
  await page.locator("#name").focus();
  await page.keyboard.type("wasd");
  await page.locator("#round-trip").focus();
  await page.keyboard.press("ArrowRight");
  expect(await page.locator("#round-trip").inputValue()).toBe("10");
  await page.keyboard.press("ArrowLeft");
  expect((await hook(page)).self).toEqual(self);
  await page.locator("#ghost").click();
  await walk(page, "ArrowLeft", 200);
  expect((await hook(page)).self).not.toEqual(self);

  // Moves the focus to the start of the page, as if the page had just been opened.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
  });
  const stops: string[] = [];
  for (let press = 0; press < 20; press++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const { activeElement: element } = document;
      if (!element || element === document.body) return "the browser";
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const visible = outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
      return `${element.id || element.getAttribute("name") || element.textContent?.trim()}${visible ? "" : " (without an outline)"}`;
    });
    if (stop === "the browser" || stops.includes(stop)) break;
    stops.push(stop);
  }
  expect(stops.map((stop) => stop.replace(/\s+\d+ in sight/, ""))).toEqual([
    "game",
    "say-open",
    "wave",
    "Map",
    "Players",
    "invite",
    "Lag",
    "round-trip",
    "jitter",
    "predicted",
    "ghost",
    "Settings",
    "name",
    "Change",
    "jacket",
    "hair",
    "renderer",
    "language",
  ]);
  // Escape closes a panel and moves the focus to its summary.
  await page.locator("#language").focus();
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Settings");
  expect(await page.locator("#language").isVisible()).toBe(false);

  await togglePanel(page, "settings");
  expect(await page.locator("details[open]").count()).toBe(4);
  expect(await barriers(page)).toEqual([]);
});

test("on a phone, the touch pad moves the player, and only one panel is open at a time", async () => {
  const page = await open(server.url, { ...PHONE, locale: "ko-KR" });
  expect(await page.locator("details[open]").count()).toBe(0);
  await togglePanel(page, "map");
  await togglePanel(page, "lag");
  expect(await page.locator("details[open]").count()).toBe(1);
  const { self } = await hook(page);
  const pad = (await page.locator("#pad").boundingBox())!;
  const thumb = { x: pad.x + 20, y: pad.y + pad.height / 2 };
  await page.touchscreen.tap(thumb.x, thumb.y);
  await page.waitForFunction((x) => window.sabang.self!.x < x, self!.x);
  // The pad is within the screen of 390 x 844 pixels, and no panel covers it.
  expect(pad.x + pad.width).toBeLessThanOrEqual(390);
  expect(pad.y + pad.height).toBeLessThanOrEqual(844);
  expect(await page.evaluate(({ x, y }) => document.elementFromPoint(x, y)?.closest("#pad") !== null, thumb)).toBe(
    true,
  );
  for (const { viewport } of [PHONE, PHONE_ON_ITS_SIDE]) {
    await page.setViewportSize(viewport!);
    const scrolls = await page.evaluate(() => {
      scrollTo(100, 100);
      const { scrollWidth, scrollHeight } = document.documentElement;
      return { scrollX, scrollY, beyond: Math.max(scrollWidth - innerWidth, scrollHeight - innerHeight) };
    });
    expect(scrolls).toEqual({ scrollX: 0, scrollY: 0, beyond: 0 });
    expect(await barriers(page)).toEqual([]);
  }
});

test("if the user prefers reduced motion, nothing is animated, and the camera stays on the player", async () => {
  const page = await open(server.url, { ...DESKTOP, reducedMotion: "reduce" });
  const durations = await page.evaluate(() =>
    [...document.querySelectorAll("*")].map((element) => getComputedStyle(element).transitionDuration),
  );
  expect(new Set(durations)).toEqual(new Set(["0s"]));
  await page.keyboard.down("ArrowLeft");
  await page.waitForFunction((x) => window.sabang.self!.x < x - 16, (await hook(page)).self!.x);
  const { view, shown } = await hook(page);
  await page.keyboard.up("ArrowLeft");
  // The view is rounded to whole screen pixels. A unit is two pixels, so the view may be off by half a unit.
  expect(
    Math.abs(view!.left + view!.width / 2 - middleOf(shown!.x, view!.width, 2048, OVERHANG.x)),
  ).toBeLessThanOrEqual(0.5);
  expect(
    Math.abs(view!.top + view!.height / 2 - middleOf(shown!.y, view!.height, 2048, OVERHANG.y)),
  ).toBeLessThanOrEqual(0.5);
});
