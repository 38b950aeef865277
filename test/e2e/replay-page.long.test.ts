// Tests the replay page in a real browser, with recordings of a real server.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "@jest/globals";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { Bot } from "../../bots/bot.ts";
import { MapCache } from "../../bots/map-cache.ts";
import { readRecording } from "../../replay/format.ts";
import { Replay } from "../../replay/replay.ts";
import { builtPage } from "../../src/http/page.ts";
import { loadMap } from "../../src/maps/load-map.ts";
import type { ReplayHook } from "../../web/replay.ts";
import { startBrowser } from "../support/browser.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

declare global {
  interface Window {
    sabangReplay: ReplayHook;
  }
}

const PLAZA = loadMap("plaza", fileURLToPath(new URL("../../maps", import.meta.url))).map;

const { blank, test } = startBrowser();
const server = startServer({ page: builtPage });

/** Records eight bots on the map plaza, with a real server. */
async function recorded(): Promise<Buffer> {
  const DATA_DIR = dataFolder();
  const server = startProcess({ DATA_DIR, RECORD: "1" });
  const url = `http://127.0.0.1:${await server.listening()}`;
  const maps = new MapCache(url);
  const bots = Array.from({ length: 8 }, (_, seed) => new Bot({ url, maps, name: `봇 ${seed}`, seed }));
  for (const bot of bots) void bot.play();
  await until(() => bots.every((bot) => bot.steps > 100), 60_000);
  await Promise.all(bots.map((bot) => bot.leave()));
  const folder = join(DATA_DIR, "recordings");
  // The recording is complete when the room has closed, which happens soon after the last player has left.
  return until(() => {
    const bytes = readFileSync(join(folder, readdirSync(folder)[0]!));
    return readRecording(bytes).truncated === undefined && bytes;
  });
}

async function open(locale: string): Promise<{ page: Page; errors: string[] }> {
  const page = await blank({ locale });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${server.url}/replay.html`);
  return { page, errors };
}

/** Opens a file on the page, as the page's button does. */
const openFile = (page: Page, buffer: Buffer, name = "plaza.replay") =>
  page.locator("#file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });

test("the replay page shows each player at the recorded position of each tick", async () => {
  const file = await recorded();
  const { page, errors } = await open("en-US");
  await page.getByText("Open a recording").waitFor();
  await openFile(page, file);
  await page.waitForFunction(() => (window.sabangReplay.time ?? 0) > 5);
  expect(await page.evaluate(() => window.sabangReplay.playing)).toBe(true);

  const recording = readRecording(file);
  const replay = new Replay(recording, PLAZA);
  await page.getByRole("button", { name: "Pause" }).click();
  for (const tick of [60, recording.lastTick - 30, 20, 100]) {
    await page.locator("#bar").fill(String(tick));
    replay.seek(tick);
    const positions = Object.fromEntries([...replay.bodies()].map(([id, { x, y }]) => [id, { x, y }]));
    expect(await page.evaluate(() => ({ ...window.sabangReplay.players }))).toEqual(positions);
    expect(await page.evaluate(() => window.sabangReplay.time)).toBe(tick);
  }
  // The user selects another player, and the camera follows that player.
  const [first, other] = [...replay.bodies().keys()].reverse() as [string, string];
  for (const id of [other, first]) {
    await page.locator("#follow").selectOption(id);
    await page.waitForFunction((expected) => window.sabangReplay.followed === expected, id);
  }
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  await page.evaluate(axe.source);
  const audit = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  expect(audit.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`)).toEqual([]);
  // Plays to the end at a higher speed. Playback then stops, and has reported no difference from the recording.
  await page.locator("#speed").selectOption("8");
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => window.sabangReplay.time === window.sabangReplay.ticks, null, { timeout: 60_000 });
  expect(await page.evaluate(() => window.sabangReplay.playing)).toBe(false);
  expect(await page.evaluate(() => window.sabangReplay.trouble)).toBeUndefined();
  expect(errors).toEqual([]);
});

test("the replay page reports an invalid file in the browser's language, and plays the next file", async () => {
  const file = await recorded();
  const { page, errors } = await open("ko-KR");
  await page.getByText("리플레이 파일 열기").waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("ko");
  const notice = page.locator("#notice");
  await openFile(page, Buffer.from("hello\n"));
  await notice.getByText("sabang의 리플레이 파일이 아닙니다.").waitFor();
  const damaged = Buffer.from(file);
  damaged[damaged.length >> 1]! ^= 1;
  await openFile(page, damaged);
  await notice.getByText("손상된 리플레이입니다.").waitFor();
  expect(await notice.innerText()).toMatch(/\d+틱 이후, \d+~\d+번째 바이트가 손상되었습니다\./);
  const truncated = file.subarray(0, file.length - 20);
  // This file is dropped onto the page instead of being chosen.
  const data = await page.evaluateHandle(
    (bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], "cut.replay"));
      return transfer;
    },
    [...truncated],
  );
  await page.dispatchEvent("body", "drop", { dataTransfer: data });
  await notice.getByText("중간에 잘렸거나 방이 아직 열려 있는 리플레이입니다.").waitFor();
  await page.waitForFunction(() => (window.sabangReplay.time ?? 0) > 5);
  await page.keyboard.press("Space");
  await page
    .getByRole("button", { name: "일시정지" })
    .or(page.getByRole("button", { name: "재생" }))
    .waitFor();
  // A language that was chosen on the game's page applies here, too.
  await page.evaluate(() => localStorage.setItem("sabang-language", "en"));
  await page.reload();
  await page.getByText("Open a recording").waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
  expect(errors).toEqual([]);
});
