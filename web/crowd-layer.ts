// The crowd: all players that the scene does not draw as full characters. Each is drawn as a small, standing figure
// without a name. One texture holds all figures, so the renderer draws the whole crowd in one batch.
import type Phaser from "phaser";
import { DOWN, directionOfCode } from "../sim/directions.ts";
import { HALF_BODY } from "../sim/rules.ts";
import { sheetOf } from "./character.ts";
import { FRAMES, HAIR, HEIGHT, JACKETS, ROWS, WIDTH } from "./character-art.ts";
import { DEPTH } from "./depth.ts";
import type { Figure } from "./figure.ts";

/** Size of a small figure with its shadow, in units. */
const SMALL_WIDTH = 16;
const SMALL_HEIGHT = 22;

/** Number of looks in a row of the texture. */
const COLUMNS = 8;
const TEXTURE_KEY = "crowd";
const SHADOW = "rgb(20 24 28 / 30%)";

/** Draws a crowd in a scene. */
export class CrowdLayer {
  readonly #scene: Phaser.Scene;
  readonly #texture: Phaser.Textures.CanvasTexture;
  readonly #blitter: Phaser.GameObjects.Blitter;
  readonly #bobs: Phaser.GameObjects.Bob[] = [];
  /** The frames of each look that has been painted, in the order of ROWS. */
  readonly #framesByLook = new Map<number, Phaser.Textures.Frame[]>();
  #shown = 0;
  #mayPaint = true;

  constructor(scene: Phaser.Scene) {
    this.#scene = scene;
    const width = SMALL_WIDTH * ROWS.length * COLUMNS;
    const height = SMALL_HEIGHT * Math.ceil((JACKETS.length * HAIR.length) / COLUMNS);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    // Phaser reads the pixels of the canvas after each painting. Without this option, the browser would copy them from
    // the graphics card.
    canvas.getContext("2d", { willReadFrequently: true });
    this.#texture = scene.textures.addCanvas(TEXTURE_KEY, canvas)!;
    this.#blitter = scene.add.blitter(0, 0, TEXTURE_KEY).setDepth(DEPTH.players + 0.5);
  }

  /** Shows these figures and no others. Sorts the list, so that figures with a larger y are drawn in front. */
  draw(figures: Figure[], zoom: number): void {
    this.#mayPaint = true;
    figures.sort((one, other) => one.y - other.y);
    let count = 0;
    for (const { look, x, y, facing } of figures) {
      const frames = this.#framesOf(look);
      if (!frames) continue;
      const frame = frames[ROWS.indexOf(directionOfCode(facing) || DOWN)]!;
      const left = Math.round((x - SMALL_WIDTH / 2) * zoom) / zoom;
      const top = Math.round((y + HALF_BODY - SMALL_HEIGHT) * zoom) / zoom;
      const bob = this.#bobs[count];
      if (bob) bob.setPosition(left, top).setFrame(frame);
      else this.#bobs.push(this.#blitter.create(left, top, frame));
      if (count++ >= this.#shown) this.#bobs[count - 1]!.setVisible(true);
    }
    for (let hidden = count; hidden < this.#shown; hidden++) this.#bobs[hidden]!.setVisible(false);
    this.#shown = count;
  }

  /**
   * Returns the frames of a look; undefined if the look must wait, because one call of `draw` paints at most one new
   * look.
   */
  #framesOf(look: number): Phaser.Textures.Frame[] | undefined {
    const known = this.#framesByLook.get(look);
    if (known || !this.#mayPaint) return known;
    this.#mayPaint = false;
    const frames = this.#paint(
      this.#scene.textures.get(sheetOf(this.#scene, look)).getSourceImage() as HTMLCanvasElement,
    );
    this.#framesByLook.set(look, frames);
    return frames;
  }

  /** Paints the figures of one look: the standing frame of each direction, scaled down. */
  #paint(sheet: HTMLCanvasElement): Phaser.Textures.Frame[] {
    const look = this.#framesByLook.size;
    const { context } = this.#texture;
    context.imageSmoothingQuality = "high";
    const frames = ROWS.map((_, row) => {
      const left = ((look % COLUMNS) * ROWS.length + row) * SMALL_WIDTH;
      const top = Math.floor(look / COLUMNS) * SMALL_HEIGHT;
      context.fillStyle = SHADOW;
      context.beginPath();
      context.ellipse(left + SMALL_WIDTH / 2, top + SMALL_HEIGHT - 3, 6, 2.5, 0, 0, 2 * Math.PI);
      context.fill();
      const at = [left, top, SMALL_WIDTH, SMALL_HEIGHT - 1] as const;
      context.drawImage(sheet, 0, row * HEIGHT, WIDTH, HEIGHT, ...at);
      return this.#texture.add(look * FRAMES + row, 0, left, top, SMALL_WIDTH, SMALL_HEIGHT)!;
    });
    this.#texture.refresh();
    return frames;
  }
}
