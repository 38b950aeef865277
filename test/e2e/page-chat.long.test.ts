// Tests the chat in a real browser: the chat box, bubbles, announcements, muting, and the operator's reason for a kick.
import { fileURLToPath } from "node:url";
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { barriers } from "../support/axe.ts";
import { DESKTOP, hook, PHONE, playing, refusalsOn, startBrowser, walk } from "../support/browser.ts";
import { callAsOperator } from "../support/monitor.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

// The test uses only those spawns of the plaza that are near the centre, so that all players are in sight of each other.
const plaza = loadMaps(fileURLToPath(new URL("../../maps", import.meta.url))).maps.get("plaza")!;
const spawns = plaza.spawns.filter(({ x, y }) => Math.hypot(x - plaza.width / 2, y - plaza.height / 2) < 160);
const { open, test } = startBrowser();
const server = startServer({ page: builtPage, seed: 1, maps: new Map([["plaza", { ...plaza, spawns }]]) });

/** Opens the page for Ada. Bob is in her sight, and uses a plain WebSocket. */
async function meet(options = DESKTOP) {
  const bob = await PlainPlayer.join(server.url, "?name=Bob");
  const page = await open(`${server.url}/?name=Ada`, options);
  await page.waitForFunction(() => Object.values(window.sabang.players).some(({ name }) => name === "Bob"));
  const say = (text: string) => bob.socket.send(JSON.stringify({ type: "say", text }));
  const wave = () => bob.socket.send(JSON.stringify({ type: "wave" }));
  /** Returns the messages that Bob has received from Ada: texts, and null for a wave. */
  const heardFromAda = () =>
    bob.frames
      .filter(({ type, id }) => (type === "say" || type === "wave") && id !== bob.id)
      .map(({ text = null }) => text);
  return { page, bob, say, wave, heardFromAda };
}

const bubbles = (page: Page) => page.locator("#bubbles p").allInnerTexts();

const hasFocus = (page: Page, id: string) => page.evaluate((id) => document.activeElement?.id === id, id);

test("Enter opens the chat box and sends its text, and Escape closes the box, so that keys move the player again", async () => {
  const { page, heardFromAda } = await meet();
  await page.keyboard.press("Enter");
  expect(await hasFocus(page, "say-text")).toBe(true);
  const { self } = await hook(page);
  await page.keyboard.type("wasd, 안녕 e");
  await page.keyboard.press("Enter");
  await until(() => heardFromAda().length === 1);
  expect(heardFromAda()).toEqual(["wasd, 안녕 e"]);
  await until(async () => (await bubbles(page)).includes("wasd, 안녕 e"));
  expect((await hook(page)).self).toEqual(self);
  expect(await hasFocus(page, "game")).toBe(true);
  await walk(page, "ArrowLeft", 300);
  await until(async () => (await hook(page)).self!.x < self!.x);

  await page.keyboard.press("Enter");
  await page.keyboard.type("never mind");
  await page.keyboard.press("Escape");
  expect(await page.locator("#say-form").isVisible()).toBe(false);
  await page.keyboard.press("e");
  await until(() => heardFromAda().length === 2);
  expect(heardFromAda()).toEqual(["wasd, 안녕 e", null]);
  await page.locator("#bubbles .wave").waitFor();
});

test("another player's text is shown over that player and announced, and markup in the text is never executed", async () => {
  const { page, bob, say, wave } = await meet();
  const refusals = refusalsOn(page);
  await page.waitForFunction(() => document.getElementById("news")?.textContent !== "");
  const markup = `<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>&lt;b&gt;<a href="javascript:window.hacked=3">`;
  say(markup);
  await until(async () => (await bubbles(page)).length > 0);
  expect(await bubbles(page)).toEqual([markup]);
  expect(await page.locator("#bubbles p *").count()).toBe(0);
  await page.waitForFunction((text) => document.getElementById("news")!.textContent === text, `Bob says: ${markup}`);
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  expect(refusals).toEqual([]);

  // The bubble is over Bob's head.
  const { view, players } = await hook(page);
  const box = (await page.locator("#bubbles p").boundingBox())!;
  const scale = 1280 / view!.width;
  const { x, y } = players[bob.id]!;
  expect(Math.abs(box.x + box.width / 2 - (x - view!.left) * scale)).toBeLessThan(4);
  expect(box.y + box.height).toBeLessThan((y - view!.top) * scale);

  wave();
  await page.locator("#bubbles .wave svg").waitFor();
  await page.waitForFunction(() => document.getElementById("news")!.textContent === "Bob waves.");
  bob.socket.close();
  await until(async () => (await bubbles(page)).length === 0);
});

test("the texts of a muted player are hidden, even after a reload of the page, until the user ends the mute", async () => {
  const { page, bob, say } = await meet();
  const other = await PlainPlayer.join(server.url, "?name=Cat");
  const mute = page.getByRole("button", { name: "Mute Bob" });
  const marker = (text: string) => other.socket.send(JSON.stringify({ type: "say", text }));
  // The list is sorted by distance, so the rows may still move until both players are in it.
  await page.getByRole("button", { name: "Mute Cat" }).waitFor();
  await mute.click();
  expect(await mute.getAttribute("aria-pressed")).toBe("true");
  for (const round of ["first", "second"]) {
    say(`from Bob, ${round}`);
    marker(`from Cat, ${round}`);
    await until(async () => (await bubbles(page)).length > 0);
    expect(await bubbles(page)).toEqual([`from Cat, ${round}`]);
    if (round === "first") {
      await page.reload();
      await playing(page);
    }
  }
  await mute.click();
  await until(async () => (await mute.getAttribute("aria-pressed")) === "false");
  say("again");
  await until(async () => (await bubbles(page)).includes("again"));
  for (const player of [bob, other]) player.socket.close();
});

test("the chat box shows why the server has refused a text, and keeps the text", async () => {
  const { page, heardFromAda } = await meet();
  const { sessionId } = await hook(page);
  const { roomId } = await server.roomOf(sessionId!);
  const error = page.locator("#say-error");
  await page.keyboard.press("Enter");
  await page.keyboard.type("a".repeat(201));
  await page.keyboard.press("Enter");
  await until(async () => (await error.innerText()).includes("1 to 200 characters"));
  expect(await page.locator("#say-text").inputValue()).toBe("a".repeat(201));
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Enter");
  await until(() => heardFromAda().length === 1);
  expect(await error.innerText()).toBe("");
  for (let i = 0; i < 6; i++) await page.keyboard.press("e");
  await until(async () => (await error.innerText()).includes("Wait a second."));
  await callAsOperator(server, roomId, "mute", sessionId, 60);
  await until(async () => {
    await page.keyboard.press("e");
    return (await error.innerText()).includes("has muted you");
  });
  expect((await hook(page)).connected).toBe(true);
});

test("the banner shows the operator's reason after the operator has kicked the player, and the page does not rejoin", async () => {
  const { page } = await meet();
  const { sessionId } = await hook(page);
  const { roomId } = await server.roomOf(sessionId!);
  await callAsOperator(server, roomId, "kick", sessionId, "Be <b>kind</b>.");
  const text = "You were disconnected by the operator of the server: “Be <b>kind</b>.”";
  await until(async () => (await page.locator("#banner-text").innerText()) === text);
  expect(await page.locator("#banner-button").innerText()).toBe("Join again");
});

test("on a phone with reduced motion, buttons send a text and a wave, and a wave is not animated", async () => {
  const { page, say, wave, heardFromAda } = await meet({ ...PHONE, reducedMotion: "reduce" });
  await page.locator("#say-open").tap();
  await page.locator("#say-text").fill("hello");
  expect(await barriers(page)).toEqual([]);
  await page.locator("#say-form button").tap();
  await page.locator("#wave").tap();
  await until(() => heardFromAda().length === 2);
  expect(heardFromAda()).toEqual(["hello", null]);
  wave();
  const hand = page.locator("#bubbles .wave").first();
  await hand.waitFor();
  expect(await hand.evaluate((element) => getComputedStyle(element).animationName)).toBe("none");
  say("a long text ".repeat(15));
  await until(async () => (await bubbles(page)).some((text) => text.startsWith("a long")));
  const boxes = await page.locator("#bubbles p").all();
  for (const box of boxes) {
    const { x, width } = (await box.boundingBox())!;
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(390);
  }
});
