// The page of replays in a real browser; in the long run with what a real server has recorded.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { Bot } from "../../bots/bot.ts";
import { MapCache } from "../../bots/map-cache.ts";
import { readRecording } from "../../replay/format.ts";
import { Replay } from "../../replay/replay.ts";
import { readMap } from "../../sim/map.ts";
import { builtPage } from "../../src/http/page.ts";
import type { ReplayHook } from "../../web/replay.ts";
import { startBrowser } from "../support/browser.ts";
import { shortOrLong } from "../support/long.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { Bustle } from "../support/recording.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

declare global {
  interface Window {
    sabangReplay: ReplayHook;
  }
}

const PLAZA = JSON.parse(readFileSync(new URL("../../maps/plaza.tmj", import.meta.url), "utf8"));

const { blank, test } = startBrowser();
const server = startServer({ page: builtPage });

/** Some players on the plaza, recorded in memory. */
async function recordedHere(): Promise<Buffer> {
  const bustle = new Bustle(readMap("plaza", PLAZA), 1);
  bustle.play(240, 8);
  return bustle.end();
}

/** Bots on the plaza, recorded by a server as it records everything. */
async function recordedByServer(): Promise<Buffer> {
  const DATA_DIR = dataFolder();
  const server = startProcess({ DATA_DIR, RECORD: "1" });
  const url = `http://127.0.0.1:${await server.listening()}`;
  const grounds = new MapCache(url);
  const bots = Array.from({ length: 8 }, (_, seed) => new Bot({ url, grounds, name: `봇 ${seed}`, seed }));
  for (const bot of bots) void bot.play();
  await until(() => bots.every((bot) => bot.steps > 100), 60_000);
  await Promise.all(bots.map((bot) => bot.leave()));
  const folder = join(DATA_DIR, "recordings");
  // The room ends when nobody is in it any more, and the file with it.
  return until(() => {
    const bytes = readFileSync(join(folder, readdirSync(folder)[0]!));
    return readRecording(bytes).truncated === undefined && bytes;
  });
}

/** The two write one format, and the world they record is one: the longer way is for the long run. */
const recorded = shortOrLong(recordedHere, recordedByServer);

async function open(locale: string): Promise<{ page: Page; faults: string[] }> {
  const page = await blank({ locale });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(`${server.url}/replay.html`);
  return { page, faults };
}

/** Gives the page a file, as by its button. */
const give = (page: Page, buffer: Buffer, name = "plaza.replay") =>
  page.locator("#file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });

test("a recording is played: at each tick of it everybody is where the world had them", async () => {
  const file = await recorded();
  const { page, faults } = await open("en-US");
  await page.getByText("Open a recording").waitFor();
  await give(page, file);
  await page.waitForFunction(() => (window.sabangReplay.time ?? 0) > 5);
  expect(await page.evaluate(() => window.sabangReplay.playing)).toBe(true);

  const recording = readRecording(file);
  const replay = new Replay(recording, readMap("plaza", PLAZA));
  await page.getByRole("button", { name: "Pause" }).click();
  for (const tick of [60, recording.lastTick - 30, 20, 100]) {
    await page.locator("#bar").fill(String(tick));
    replay.seek(tick);
    const places = Object.fromEntries([...replay.bodies()].map(([id, { x, y }]) => [id, { x, y }]));
    expect(await page.evaluate(() => ({ ...window.sabangReplay.players }))).toEqual(places);
    expect(await page.evaluate(() => window.sabangReplay.time)).toBe(tick);
  }
  // Somebody else is followed.
  const [first, other] = [...replay.bodies().keys()].reverse() as [string, string];
  for (const id of [other, first]) {
    await page.locator("#follow").selectOption(id);
    await page.waitForFunction((wanted) => window.sabangReplay.followed === wanted, id);
  }
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  await page.evaluate(axe.source);
  const audit = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  expect(audit.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`)).toEqual([]);
  // Faster, to the end, where it stops and nothing has been different.
  await page.locator("#speed").selectOption("8");
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => window.sabangReplay.time === window.sabangReplay.ticks, null, { timeout: 60_000 });
  expect(await page.evaluate(() => window.sabangReplay.playing)).toBe(false);
  expect(await page.evaluate(() => window.sabangReplay.trouble)).toBeUndefined();
  expect(faults).toEqual([]);
});

test("what cannot be played is told of in the browser's language, and the next file is played all the same", async () => {
  const file = await recorded();
  const { page, faults } = await open("ko-KR");
  await page.getByText("리플레이 파일 열기").waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("ko");
  const notice = page.locator("#notice");
  await give(page, Buffer.from("hello\n"));
  await notice.getByText("sabang의 리플레이 파일이 아닙니다.").waitFor();
  const damaged = Buffer.from(file);
  damaged[damaged.length >> 1]! ^= 1;
  await give(page, damaged);
  await notice.getByText("손상된 리플레이입니다.").waitFor();
  expect(await notice.innerText()).toMatch(/\d+틱 이후, \d+~\d+번째 바이트가 손상되었습니다\./);
  const cut = file.subarray(0, file.length - 20);
  // Dropped onto the page instead of chosen.
  const data = await page.evaluateHandle(
    (bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], "cut.replay"));
      return transfer;
    },
    [...cut],
  );
  await page.dispatchEvent("body", "drop", { dataTransfer: data });
  await notice.getByText("중간에 잘렸거나 방이 아직 열려 있는 리플레이입니다.").waitFor();
  await page.waitForFunction(() => (window.sabangReplay.time ?? 0) > 5);
  await page.keyboard.press("Space");
  await page
    .getByRole("button", { name: "일시정지" })
    .or(page.getByRole("button", { name: "재생" }))
    .waitFor();
  // Who has chosen a language on the page of the game is spoken to in it here, too.
  await page.evaluate(() => localStorage.setItem("sabang-language", "en"));
  await page.reload();
  await page.getByText("Open a recording").waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
  expect(faults).toEqual([]);
});
