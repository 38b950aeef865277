// Records the frames that the page draws while keys are pressed. The map, called the stage, is so small that the camera
// does not move.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

const MAPS = new URL("../../maps/", import.meta.url).pathname;

/** The part of the plaza that becomes the stage, in tiles of 32 units. */
const PLAZA = { left: 33, top: 20, columns: 10, rows: 7 };

/** The spawn of all players, in units from the upper left corner of the stage. */
const SPAWN = { x: 88, y: 208 };

/** The browser's window in pixels. The page zooms by 2, so the stage (the small map) is as wide as the window. */
export const WINDOW = { width: 640, height: 576 };

/** The rectangle of the stage (the small map) in the window, in pixels. */
export const STAGE = { x: 0, y: 64, width: 640, height: 448 };

/** The rectangle of the window in which the player walks left and right. */
export const LANE = { x: 0, y: 362, width: 640, height: 150 };

type Layer = { type: string; data: number[]; objects: object[] };

/** Writes the stage to a folder, as its only map. */
export function writeStage(folder: string): void {
  const map = JSON.parse(readFileSync(join(MAPS, "plaza.tmj"), "utf8")) as { width: number; layers: Layer[] };
  const { left, top, columns, rows } = PLAZA;
  for (const layer of map.layers) {
    if (layer.type === "objectgroup") {
      layer.objects = layer.objects.slice(0, 1).map((spawn) => ({ ...spawn, ...SPAWN }));
      continue;
    }
    const tileAt = (row: number, column: number) => layer.data[(top + row) * map.width + left + column]!;
    const data = Array.from({ length: rows * columns }, (_, i) => tileAt(Math.floor(i / columns), i % columns));
    Object.assign(layer, { data, width: columns, height: rows });
  }
  Object.assign(map, { width: columns, height: rows });
  writeFileSync(join(folder, "plaza.tmj"), JSON.stringify(map));
  copyFileSync(join(MAPS, "tiles.png"), join(folder, "tiles.png"));
}

/** Hides all parts of the page except the game. */
export async function showOnlyGame(page: Page): Promise<void> {
  await page.addStyleTag({ content: "#banner, #hint, #pad, header, #panels { display: none !important; }" });
}

/** A key that is held until the predicted player has walked `units`. */
export interface Walk {
  key: "ArrowLeft" | "ArrowRight";
  units: number;
  /** Earliest time of the key press, in milliseconds. The time 0 is 300 ms after the start of the recording. */
  after: number;
}

/** Returns the stage as the page draws it now: a PNG in base64. */
export function stageOf(page: Page): Promise<string> {
  return page.evaluate(async ({ x, y, width, height }) => {
    await new Promise(requestAnimationFrame);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    canvas.getContext("2d")!.drawImage(document.querySelector("#game canvas") as HTMLCanvasElement, -x, -y);
    return canvas.toDataURL().replace(/^.*,/, "");
  }, STAGE);
}

/** A drawn frame, of which only the part within LANE is recorded. */
export interface Shot {
  /** Milliseconds since the first key was pressed. */
  at: number;
  /** Whether this frame differs from the last one before the first key was pressed. */
  differs: boolean;
  /** A PNG in base64, if requested. */
  png: string;
}

/** Presses keys in a page. Returns all frames that the page draws until all walks and the given time are over. */
export function record(page: Page, walks: readonly Walk[], milliseconds: number, withPng = false): Promise<Shot[]> {
  return page.evaluate(recordInPage, { walks, milliseconds, withPng, lane: LANE });
}

async function recordInPage({
  walks,
  milliseconds,
  withPng,
  lane,
}: {
  walks: readonly Walk[];
  milliseconds: number;
  withPng: boolean;
  lane: typeof LANE;
}): Promise<Shot[]> {
  const { x, y, width, height } = lane;
  const game = document.querySelector<HTMLCanvasElement>("#game canvas")!;
  const send = (type: string, key: string) => window.dispatchEvent(new KeyboardEvent(type, { code: key, key }));
  const frames: { at: number; bitmap: ImageBitmap }[] = [];
  const pending = [...walks];
  let held: { key: string; from: number; units: number } | undefined;
  const release = setInterval(() => {
    if (!held || Math.abs(window.sabang.self!.x - held.from) < held.units) return;
    send("keyup", held.key);
    held = undefined;
  }, 4);
  const start = performance.now() + 300;
  const now = () => performance.now() - start;
  let firstWalkAt = 0;
  while (now() < firstWalkAt + milliseconds || pending.length > 0 || held || window.sabang.unacknowledged > 0) {
    // The browsers of tests draw on a 2D canvas. It keeps its content between frames, so the content can be copied at
    // any time.
    await new Promise(requestAnimationFrame);
    frames.push({ at: now(), bitmap: await createImageBitmap(game, x, y, width, height) });
    if (!pending[0] || held || now() < pending[0].after) continue;
    const { key, units } = pending.shift()!;
    held = { key, units, from: window.sabang.self!.x };
    if (pending.length === walks.length - 1) firstWalkAt = now();
    send("keydown", key);
  }
  clearInterval(release);

  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  const read = (bitmap: ImageBitmap) => {
    context.drawImage(bitmap, 0, 0);
    return new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  };
  const same = (one: Uint32Array, other: Uint32Array) => one.every((pixel, i) => pixel === other[i]);
  // The reference is the last frame before the first key press, when the player is at rest. In earlier frames, the
  // player may still be moving from an earlier recording.
  const before = read(frames.findLast(({ at }) => at <= firstWalkAt)!.bitmap);
  const shots: Shot[] = [];
  let last = new Uint32Array();
  let png = "";
  for (const { at, bitmap } of frames) {
    const pixels = read(bitmap);
    if (withPng && !same(pixels, last)) {
      const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
      png = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    }
    last = pixels;
    shots.push({ at: at - firstWalkAt, differs: !same(pixels, before), png });
    bitmap.close();
  }
  return shots;
}
