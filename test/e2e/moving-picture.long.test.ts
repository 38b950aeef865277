// Tests, in a real browser, what the animation in README.md shows: the effect of client-side prediction at 200 ms of
// lag. With SCREENSHOT=1, the test also writes the animation.
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { atRest, hook, setLag, startBrowser, togglePanel } from "../support/browser.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import {
  LANE,
  record,
  type Shot,
  STAGE,
  showOnlyGame,
  stageOf,
  type Walk,
  WINDOW,
  writeStage,
} from "../support/recorder.ts";
import { until } from "../support/until.ts";

const PICTURE = new URL("../../docs/images/prediction.webp", import.meta.url).pathname;
const LAG_MS = 200;
/** Longest allowed gap between two frames. After a longer gap, as on a busy machine, the recording starts again. */
const MAX_FRAME_GAP_MS = 100;

const { blank, open, test } = startBrowser({ everyFrame: process.env.SCREENSHOT !== undefined });

test(
  "at 200 ms of lag, the user's player walks at once if prediction is on, and after a round trip if it is off",
  async () => {
    const maps = dataFolder();
    writeStage(maps);
    const server = startProcess({ MAPS_DIR: maps });
    const page = await open(`http://127.0.0.1:${await server.listening()}/?name=Ada`, { viewport: WINDOW });
    await togglePanel(page, "lag");
    await setLag(page, LAG_MS);
    await showOnlyGame(page);
    const afterKey = (shots: readonly Shot[]) => shots.filter(({ at }) => at > 0);

    const predicted = afterKey(await record(page, [{ key: "ArrowRight", units: 48, after: 0 }], 300));
    expect(predicted.slice(0, 3).some(({ differs }) => differs)).toBe(true);

    await predict(page, false);
    const unpredicted = afterKey(await record(page, [{ key: "ArrowLeft", units: 48, after: 0 }], 300));
    expect(unpredicted.filter(({ at, differs }) => at < LAG_MS && differs)).toEqual([]);
    expect(unpredicted.at(-1)!.differs).toBe(true);

    if (process.env.SCREENSHOT) await takePicture(page);
  },
  process.env.SCREENSHOT ? 300_000 : undefined,
);

/** Turns prediction on or off, even while the lag panel is hidden. */
async function predict(page: Page, on: boolean): Promise<void> {
  await page.locator("#predicted").evaluate((box: HTMLInputElement, on) => {
    box.checked = on;
    box.dispatchEvent(new Event("input"));
  }, on);
}

const UNITS = 144;
const WALK_MS = (UNITS / 160) * 1000;
const WALKS: Walk[] = [
  { key: "ArrowRight", units: UNITS, after: 0 },
  { key: "ArrowLeft", units: UNITS, after: 1900 },
];
const BEGIN_MS = -300;
const END_MS = 3700;
const FRAME_MS = 40;

/**
 * Returns the HTML of the background: titles, two pictures of the game, and the arrow keys. The key `lit` is
 * highlighted.
 */
const aroundBoth = (game: string, lit: string) => `<!doctype html>
<meta charset="utf-8" />
<style>
  * { margin: 0; box-sizing: border-box; }
  main { display: grid; grid-template: 76px ${STAGE.height}px 62px / 640px 640px; gap: 0 12px; width: 1316px; padding: 0 12px;
    background: #1d2428; color: #f6f1e4; font: 22px/1.2 system-ui, sans-serif; }
  h2 { display: flex; flex-direction: column; justify-content: center; padding-left: 6px; font-size: 27px; }
  small { color: #cfcabd; font-size: 19px; font-weight: 400; }
  .predicted { color: #f0c268; }
  footer { grid-column: 1 / 3; display: flex; gap: 14px; align-items: center; justify-content: center; }
  kbd { width: 62px; padding: 5px 0; border: 2px solid #6d7a80; border-radius: 8px; color: #cfcabd;
    font: 700 22px/1.1 system-ui, sans-serif; text-align: center; }
  .${lit} { border-color: #f0c268; background: #f0c268; color: #1d2428; }
</style>
<main>
  <h2 class="predicted">predicted <small>moves in the next frame</small></h2>
  <h2>not predicted <small>moves when the server answers</small></h2>
  <img src="data:image/png;base64,${game}" alt="" />
  <img src="data:image/png;base64,${game}" alt="" />
  <footer>200 ms to the server and back, the same keys:
    <kbd class="ArrowLeft">←</kbd><kbd class="ArrowRight">→</kbd></footer>
</main>`;

/**
 * Records a player that walks back and forth, with and without prediction. Writes both recordings, side by side, as one
 * file.
 */
async function takePicture(page: Page): Promise<void> {
  const game = await stageOf(page);
  const take = async (predicted: boolean) => {
    await predict(page, predicted);
    return until(async () => {
      await atRest(page);
      await page.waitForTimeout(500);
      const before = (await hook(page)).self!.x;
      const shots = await record(page, WALKS, END_MS, true);
      const longest = Math.max(...shots.map(({ at }, i) => at - (shots[i - 1]?.at ?? at)));

      // The animation loops, so the player must end where it started.
      return (await hook(page)).self!.x === before && longest < MAX_FRAME_GAP_MS && shots;
    }, 120_000);
  };
  const sides = [await take(true), await take(false)];

  await page.close();

  const around = await blank({ viewport: { width: 1316, height: 586 } });
  const background = async (lit: string) => {
    await around.setContent(aroundBoth(game, lit));
    return around.locator("main").screenshot();
  };
  const backgrounds = {
    none: await background("none"),
    ArrowLeft: await background("ArrowLeft"),
    ArrowRight: await background("ArrowRight"),
  };
  const frames: { pngs: string[]; lit: keyof typeof backgrounds; milliseconds: number }[] = [];
  for (let at = BEGIN_MS; at < END_MS; at += FRAME_MS) {
    const pngs = sides.map((shots) => (shots.findLast((shot) => shot.at <= at) ?? shots[0]!).png);
    const lit = WALKS.find(({ after }) => at >= after && at < after + WALK_MS)?.key ?? "none";
    const last = frames.at(-1);
    if (last?.lit === lit && last.pngs.every((png, side) => png === pngs[side])) last.milliseconds += FRAME_MS;
    else frames.push({ pngs, lit, milliseconds: FRAME_MS });
  }
  const { default: sharp } = await import("sharp");
  const pictures = await Promise.all(
    frames.map(({ pngs, lit }) => {
      const lanes = pngs.map((png, side) => ({
        input: Buffer.from(png, "base64"),
        left: 12 + side * 652,
        top: 76 + LANE.y - STAGE.y,
      }));
      return sharp(backgrounds[lit]).composite(lanes).png().toBuffer();
    }),
  );
  await sharp(pictures, { join: { animated: true } })
    .webp({ quality: 90, effort: 5, minSize: true, delay: frames.map(({ milliseconds }) => milliseconds), loop: 0 })
    .toFile(PICTURE);
}
