// Opens the browser example from a local file in a real browser. So the server and the page have different origins.
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { startBrowser } from "../support/browser.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const { blank, test } = startBrowser();
const server = startServer({ seed: 3 });
const FILE = new URL("../../examples/browser/index.html", import.meta.url);

/** Milliseconds that are enough for the server to apply a step and for the page to show the result. */
const A_WHILE_MS = 300;

async function open(): Promise<{ page: Page; errors: string[] }> {
  const page = await blank({ hasTouch: true, viewport: { width: 400, height: 700 } });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(`${FILE.href}?server=${server.wsUrl}&name=${encodeURIComponent("미나")}`);
  return { page, errors };
}

test("the browser example joins, walks by keys and touch, draws players, and rejoins after a close", async () => {
  const witness = await joinWithSdk(server);
  const { page, errors } = await open();
  const mina = () => [...witness.state.players.entries()].find(([, { name }]) => name === "미나");
  const [id, self] = await until(mina);
  await page.waitForFunction(() => /^2 in sight/.test(document.querySelector("output")!.value));

  const start = { x: self.x, y: self.y };
  await page.keyboard.down("ArrowLeft");
  await until(() => self.facing === 1);
  await page.keyboard.up("ArrowLeft");
  await page.locator("[value='하']").tap();
  await until(() => self.facing === 4);
  await page.keyboard.down("ArrowRight");
  await until(() => self.facing === 2 && (self.x !== start.x || self.y !== start.y));
  await page.keyboard.up("ArrowRight");
  // macOS does not report that other keys are released while Command is down. So the example stops the player when
  // Command is released.
  await page.keyboard.down("ArrowLeft");
  await until(() => self.facing === 1);
  await page.keyboard.press("Meta");
  await page.waitForTimeout(A_WHILE_MS);
  const released = { x: self.x, y: self.y };
  await page.waitForTimeout(A_WHILE_MS);
  expect({ x: self.x, y: self.y }).toEqual(released);
  const outputText = () => page.evaluate(() => document.querySelector("output")!.value);
  await until(async () => (await outputText()) === `2 in sight · ${self.x}, ${self.y}`);

  // The client's own player is the yellow square in the middle.
  const middlePixel = () =>
    page.evaluate(() => {
      const canvas = document.querySelector("canvas")!;
      return [...canvas.getContext("2d")!.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data];
    });
  await until(async () => String(await middlePixel()) === "255,209,102,255");

  const room = await server.roomOf(id);
  room.clients.get(id)!.leave(4001);
  await until(() => {
    const rejoined = mina();
    return rejoined && rejoined[0] !== id;
  });
  await page.waitForFunction(() => /^2 in sight/.test(document.querySelector("output")!.value));
  expect(errors).toEqual([]);
});

test.each(["pagehide", "beforeunload"])(
  "the browser example leaves at once on the event %s, and joins again if the user has not left the page",
  async (event) => {
    const witness = await joinWithSdk(server);
    const { page, errors } = await open();
    const mina = () => [...witness.state.players].find(([, { name }]) => name === "미나");
    const [id] = await until(mina);
    // The page stays open, so the player disappears only if the page itself closes its WebSocket.
    await page.evaluate((event) => void dispatchEvent(new Event(event)), event);
    await until(() => !mina());
    const [again] = await until(mina);
    expect(again).not.toBe(id);
    expect(errors).toEqual([]);
  },
);
