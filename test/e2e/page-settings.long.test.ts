// Tests the settings of the page in a real browser, and that the page keeps them.
import { expect, jest } from "@jest/globals";
import type { Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { barriers } from "../support/axe.ts";
import { DESKTOP, hook, joinsOf, nameOf, PHONE, playing, startBrowser, togglePanel } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const { blank, open, test } = startBrowser();
const server = startServer({ page: builtPage });

/** Returns the look of the page's own player. */
async function lookOn(page: Page): Promise<number | undefined> {
  const { players, sessionId } = await hook(page);
  return players[sessionId!]?.look;
}

/** Chooses clothes in the open settings panel, and waits until the server has accepted them. */
async function chooseClothes(page: Page, name: string, look: (before: number) => number): Promise<number> {
  const expected = look((await lookOn(page))!);
  await page.getByRole("radio", { name, exact: true }).click();
  await page.waitForFunction((look) => window.sabang.players[window.sabang.sessionId!]?.look === look, expected);
  return expected;
}

test("the player keeps its clothes after a rename, after a reload and on another map", async () => {
  const page = await open(server.url, { ...DESKTOP, locale: "ko-KR" });
  await togglePanel(page, "settings");
  const before = await hook(page);
  const look = await chooseClothes(page, "초록", (before) => before - (before % 12) + 4);
  const after = await hook(page);
  expect([after.server, after.reconnects]).toEqual([before.server, 0]);
  expect(await barriers(page)).toEqual([]);
  await page.locator("#name").fill("미나");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.sabang.players[window.sabang.sessionId!]?.name === "미나");
  expect(await lookOn(page)).toBe(look);
  for (const url of [server.url, `${server.url}/?map=meadow`]) {
    await page.goto(url);
    await playing(page);
    expect(await lookOn(page)).toBe(look);
  }
});

test("the page rejoins only once, with the last choice, if the user steps through several choices of clothes with the arrow keys", async () => {
  const page = await open(server.url, PHONE);
  await togglePanel(page, "settings");
  await chooseClothes(page, "red", (before) => before - (before % 12));
  const joins = joinsOf(page);
  await page.getByRole("radio", { name: "red", exact: true }).focus();
  for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => (window.sabang.players[window.sabang.sessionId!]?.look ?? -1) % 12 === 3);
  expect(joins).toHaveLength(1);
});

test("a player keeps its name on a newly chosen map, and stays on the old map if the server refuses the change", async () => {
  const page = await open(server.url, DESKTOP);
  await togglePanel(page, "settings");
  const before = await hook(page);
  const choice = page.getByRole("combobox", { name: "Map", exact: true });
  expect([await choice.inputValue(), await choice.locator("option").allInnerTexts()]).toEqual([
    "plaza",
    ["meadow", "plaza"],
  ]);
  expect(await barriers(page)).toEqual([]);

  // A stopping server refuses all joins.
  const blockedReason = jest.spyOn(server.app.admission, "blockedReason", "get").mockReturnValue("stopping");
  await choice.selectOption("meadow");
  await page.getByText("You cannot change to this map right now.").waitFor();
  const { sessionId, connected } = await hook(page);
  expect([sessionId, connected, await choice.inputValue()]).toEqual([before.sessionId, true, "plaza"]);

  blockedReason.mockRestore();
  await choice.selectOption("meadow");
  await page.waitForFunction((id) => window.sabang.connected && window.sabang.sessionId !== id, before.sessionId);
  const after = await hook(page);
  expect((await server.roomOf(after.sessionId!)).state.map).toBe("meadow");
  expect([nameOf(after), after.reconnects]).toEqual([nameOf(before), 0]);
  expect([await choice.inputValue(), new URL(page.url()).searchParams.get("map")]).toEqual(["meadow", "meadow"]);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("game");
});

test("if the server has only one map, the settings offer no choice of a map", async () => {
  const page = await blank(DESKTOP);
  await page.route("**/maps.json", (route) => route.fulfill({ json: ["plaza"] }));
  await page.goto(server.url);
  await playing(page);
  await togglePanel(page, "settings");
  await page.locator("#map-choice option").waitFor({ state: "attached" });
  expect(await page.getByRole("combobox").count()).toBe(2);
});
