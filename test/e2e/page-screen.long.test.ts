// Tests the page on a simulated slow phone in a crowd of walking players, and measures its frames.
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "@jest/globals";
import { LOAD_CORE, start, stop } from "../../bench/harness/children.ts";
import { caller } from "../../bench/harness/ipc.ts";
import type { LoadRequests } from "../../bench/harness/load/main.ts";
import { PHONE, playing, startBrowser } from "../support/browser.ts";
import { crowdedMaps } from "../support/crowded-maps.ts";
import { startProcess } from "../support/process.ts";

/** The number of players in the crowd. The measurements in web/README.md are for 1500 players. */
const CROWD = Number(process.env.SCREEN_PLAYERS || 200);
/** Milliseconds in which the crowd spreads from its spawns. */
const SPREAD_MS = 10_000;
/**
 * FIRST_FRAMES: the number of frames before the measurement, in which the page paints the crowd for the first time.
 * FRAMES: the number of measured frames.
 */
const FIRST_FRAMES = 10;
const FRAMES = 15;
/** Factor by which the browser throttles its CPU, to simulate a phone. */
const SLOWDOWN = 4;
const RESULTS = new URL("../../test-results/", import.meta.url).pathname;
const LOAD = fileURLToPath(new URL("../../bench/harness/load/main.ts", import.meta.url));

const { blank, test } = startBrowser({ webgl: true, everyFrame: true });

let load: ReturnType<typeof start> | undefined;
afterAll(() => load && stop(load));

interface Timing {
  at: number;
  script: number;
}

/** Adds the time of each frame, and the milliseconds of its script, to `window.timings`. */
function timeFrames(): void {
  const frames: Timing[] = [];
  Object.assign(window, { timings: frames });
  const next = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) =>
    next((time) => {
      const at = performance.now();
      draw(time);
      frames.push({ at, script: performance.now() - at });
    });
}

const percentile = (values: number[], share: number) =>
  Math.round(10 * [...values].sort((one, other) => one - other)[Math.floor(share * (values.length - 1))]!) / 10;

const summaryOf = (values: number[]) => ({ median: percentile(values, 0.5), p95: percentile(values, 0.95) });

test("on a slow phone with a crowd in sight, the user's player moves within two frames after a key press", async () => {
  const server = startProcess({ MAPS_DIR: crowdedMaps() });
  const port = await server.listening();
  load = start(LOAD_CORE, process.execPath, [LOAD], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ask = caller<LoadRequests>(load, () => {});
  await ask("join", { server: "sabang", port, clients: CROWD, crowd: "screen" });
  await ask("walk", null);
  await wait(SPREAD_MS);

  const page = await blank(PHONE);
  page.setDefaultTimeout(200_000);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  await page.addInitScript(timeFrames);
  await page.goto(`http://127.0.0.1:${port}`);
  await playing(page);
  const timings = () => page.evaluate(() => (window as unknown as { timings: Timing[] }).timings);
  // Discards the frames before the join, because the crowd arrives with the join.
  await page.evaluate(() => {
    (window as unknown as { timings: Timing[] }).timings.length = 0;
  });
  const count = FIRST_FRAMES + FRAMES;
  await page.waitForFunction(
    (count) => (window as unknown as { timings: Timing[] }).timings.length >= count,
    count,
    // By default Playwright would request a frame for each check, and these frames would be counted, too.
    { polling: 500 },
  );
  const measured = (await timings()).slice(FIRST_FRAMES, count);
  const inSight = await page.evaluate(() => Object.keys(window.sabang.players).length);

  mkdirSync(RESULTS, { recursive: true });
  await page.screenshot({ path: `${RESULTS}screen.png` });
  const framesToMove = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const before = window.sabang.shown!.x;
        let frames = 0;
        const onFrame = () => {
          frames++;
          if (window.sabang.shown?.x === before && frames < 100) return requestAnimationFrame(onFrame);
          resolve(frames);
        };
        requestAnimationFrame(() => {
          window.dispatchEvent(new KeyboardEvent("keydown", { code: "ArrowLeft", key: "ArrowLeft" }));
          requestAnimationFrame(onFrame);
        });
      }),
  );
  const report = {
    inSight,
    slowdown: SLOWDOWN,
    millisecondsOfScript: summaryOf(measured.map(({ script }) => script)),
    // Without a graphics card, the processor renders each frame. It also runs the server and the load.
    millisecondsBetweenFrames: summaryOf(measured.slice(1).map(({ at }, index) => at - measured[index]!.at)),
    framesToMove,
  };
  writeFileSync(`${RESULTS}screen.json`, JSON.stringify(report, undefined, 2));
  expect(inSight).toBeGreaterThan(CROWD / 2);
  expect(framesToMove).toBeLessThanOrEqual(2);
}, 300_000);
