// The page when the server will not have it, in a real browser: what it says, and whether it comes back by itself.
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { ERRORS } from "../../rooms/errors.ts";
import { PROTOCOL_VERSION } from "../../schema/protocol.ts";
import { builtPage } from "../../src/page.ts";
import { hook, playing, startBrowser } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const server = await startServer({ page: builtPage });
const { blank, open } = startBrowser();

const banner = (page: Page) => page.locator("#banner-text");

/** Answers joins with an error, in the framework's own words on the wire, as long as `isRefusing`; counts them. */
async function refuseJoins(page: Page, error: { code: number; sentence: string }, isRefusing: () => boolean) {
  const joins: { protocol?: number }[] = [];
  await page.route("**/matchmake/**", (route) => {
    joins.push(route.request().postDataJSON());
    if (!isRefusing()) return route.continue();
    return route.fulfill({ status: error.code, json: { code: error.code, error: error.sentence } });
  });
  return joins;
}

test.each([
  ["flooding", "You sent more than the server takes."],
  ["notReading", "Your connection could not keep up."],
  ["idle", "You stood still for a long time, so you were taken out."],
] as const)("closed for %s it says so, stays away, and joins again when its user says so", async (name, sentence) => {
  const page = await open(server.url);
  const { sessionId } = await hook(page);
  const room = await server.roomOf(sessionId!);
  const { code } = ERRORS[name];
  room.clients.get(sessionId!)!.leave(code);
  const button = page.getByRole("button", { name: "Join again" });
  await button.waitFor();
  expect(await banner(page).innerText()).toBe(sentence);
  // Who waited at the keyboard can go on there.
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  // Longer than the first two tries of a page that comes back by itself.
  await page.waitForTimeout(2000);
  expect((await hook(page)).connected).toBe(false);
  await page.keyboard.press("Enter");
  await playing(page);
  expect((await hook(page)).sessionId).not.toBe(sessionId);
  expect(await button.isVisible()).toBe(false);
});

test("sends its version; refused as outdated it offers to reload, and does not try again", async () => {
  const page = await blank();
  let refusing = true;
  const joins = await refuseJoins(page, ERRORS.outdated, () => refusing);
  await page.goto(server.url);
  const button = page.getByRole("button", { name: "Reload" });
  await button.waitFor();
  expect(await banner(page).innerText()).toBe("There is a new version of this page.");
  await page.waitForTimeout(2000);
  expect(joins).toEqual([expect.objectContaining({ protocol: PROTOCOL_VERSION })]);
  refusing = false;
  await button.click();
  await playing(page);
});

test.each([
  ["busy", "The server takes in nobody new at the moment. Trying again…"],
  ["tooManyJoins", "Too many joins from your network. Trying again…"],
] as const)("refused as %s it says so, and tries again by itself until it is let in", async (name, sentence) => {
  const page = await blank();
  let refusing = true;
  const joins = await refuseJoins(page, ERRORS[name], () => refusing);
  await page.goto(server.url);
  await page.waitForFunction((text) => document.getElementById("banner-text")?.textContent === text, sentence);
  while (joins.length < 2) await page.waitForTimeout(50);
  refusing = false;
  await playing(page);
  expect(await banner(page).textContent()).toBe("back");
});

test("a map that is not there is told, once, in the page's language", async () => {
  const page = await blank({ locale: "ko-KR" });
  const joins = await refuseJoins(page, ERRORS.unknownMap, () => false);
  await page.goto(`${server.url}/?map=nowhere`);
  await page.waitForFunction(
    () => document.getElementById("banner-text")?.textContent === "그런 이름의 맵은 없습니다.",
  );
  await page.waitForTimeout(1500);
  expect(joins).toHaveLength(1);
});
