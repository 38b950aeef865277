// The picture: the map, everybody on it, and a camera that goes with the own player.
import Phaser from "phaser";
import { ease, middleOf, zoomFor } from "./camera.ts";
import { Character } from "./character.ts";
import { DEPTH } from "./depth.ts";
import type { Figure } from "./figure.ts";
import type { Ground } from "./ground.ts";

/** Gives who is to be drawn in the frame at `now`. */
export type Frame = (now: number) => ReadonlyMap<string, Figure>;

const SOLID_LAYER = "walls";

/**
 * Milliseconds of a frame for painting those who have just come into sight. A crowd takes some frames to appear: all at
 * once it would keep the page from everything else for a third of a second.
 */
const NEWCOMERS_MS = 6;

/** Puts the game into `parent` and gives its scene as soon as it can be drawn on. */
export function createScene(parent: HTMLElement, frame: Frame): Promise<WorldScene> {
  return new Promise((resolve) => {
    const scene = new WorldScene(frame, resolve);
    new Phaser.Game({
      type: Phaser.AUTO,
      parent,
      scene,
      backgroundColor: "#1d2428",
      // Sharp pixels. Not `pixelArt`, which also rounds every place to a whole unit of the world.
      antialias: false,
      antialiasGL: false,
      // Its size is kept by #fit(): Phaser knows nothing of the pixels that a CSS pixel has.
      scale: { mode: Phaser.Scale.NONE, width: 1, height: 1 },
      // Keys, touch and sound are none of its business here.
      input: { keyboard: false, mouse: false, touch: false, gamepad: false },
      audio: { noAudio: true },
      banner: false,
    });
  });
}

/** The one scene of the game. */
export class WorldScene extends Phaser.Scene {
  readonly #frame: Frame;
  readonly #ready: (scene: WorldScene) => void;
  readonly #stillness = matchMedia("(prefers-reduced-motion: reduce)");
  readonly #characters = new Map<string, Character>();
  #ground: Ground | undefined;
  #layers: Phaser.GameObjects.GameObject[] = [];
  #pixelRatio = 1;
  #lastFrame = 0;
  /** The middle of the view, before it is rounded to pixels. Undefined until there is somebody to look at. */
  #middle: { x: number; y: number } | undefined;

  constructor(frame: Frame, ready: (scene: WorldScene) => void) {
    super("world");
    this.#frame = frame;
    this.#ready = ready;
  }

  /** The part of the world that the screen shows, in units. */
  get view(): { left: number; top: number; width: number; height: number } {
    const { scrollX, scrollY, zoom, width, height } = this.cameras.main;
    const shown = { width: width / zoom, height: height / zoom };
    // A camera zooms around the middle of its viewport; its scroll is where the corner would be at zoom 1.
    return { left: scrollX + (width - shown.width) / 2, top: scrollY + (height - shown.height) / 2, ...shown };
  }

  /** Called by Phaser, once. */
  create(): void {
    this.#fit();
    addEventListener("resize", () => this.#fit());
    this.#ready(this);
  }

  /** Called by Phaser for each frame. */
  override update(): void {
    // Not Phaser's time, which it smooths until a slow screen seems a fast one: the SDK's clock is the browser's.
    const now = performance.now();
    const milliseconds = now - this.#lastFrame;
    this.#lastFrame = now;
    if (devicePixelRatio !== this.#pixelRatio) this.#fit();
    const figures = this.#frame(now);
    this.#draw(figures, now);
    for (const figure of figures.values()) if (figure.own) this.#look(figure, milliseconds);
  }

  /** Draws another map, or the same one again, under everybody. */
  show(ground: Ground): void {
    if (ground === this.#ground) return;
    this.#ground = ground;
    this.#middle = undefined;
    for (const layer of this.#layers) layer.destroy();
    const { name } = ground.map;
    const key = `map ${name}`;
    this.cache.tilemap.add(key, { format: Phaser.Tilemaps.Formats.TILED_JSON, data: ground.file });
    const map = this.make.tilemap({ key });
    const tilesets = [...ground.pictures].flatMap(([tileset, picture]) => {
      const texture = `${key} ${tileset}`;
      if (!this.textures.exists(texture)) this.textures.addImage(texture, picture);
      return map.addTilesetImage(tileset, texture) ?? [];
    });
    const walls = map.layers.findIndex((layer) => layer.name === SOLID_LAYER);
    this.#layers = map.layers.flatMap(({ visible, alpha }, index) => {
      const depth = (index > walls ? DEPTH.over : DEPTH.ground) + index;
      return map.createLayer(index, tilesets)?.setDepth(depth).setVisible(visible).setAlpha(alpha) ?? [];
    });
  }

  /** Makes the characters those of `figures`: what is not in there any more is gone, so nobody stays as a ghost. */
  #draw(figures: ReadonlyMap<string, Figure>, now: number): void {
    const { zoom } = this.cameras.main;
    for (const [id, character] of this.#characters) {
      if (figures.has(id)) continue;
      character.destroy();
      this.#characters.delete(id);
    }
    const enough = performance.now() + NEWCOMERS_MS;
    for (const [id, figure] of figures) {
      let character = this.#characters.get(id);
      if (!character) {
        if (!figure.own && performance.now() > enough) continue;
        character = new Character(this, figure);
        character.fit(zoom, this.#pixelRatio);
        this.#characters.set(id, character);
      }
      character.draw(figure, now, zoom, this.#stillness.matches);
    }
  }

  /** Turns the camera to the own player. */
  #look({ x, y }: Figure, milliseconds: number): void {
    const camera = this.cameras.main;
    const map = this.#ground?.map;
    if (!map) return;
    const part = this.#middle && !this.#stillness.matches ? ease(milliseconds) : 1;
    const from = this.#middle ?? { x, y };
    this.#middle = { x: from.x + (x - from.x) * part, y: from.y + (y - from.y) * part };
    const { zoom, width, height } = camera;
    const left = middleOf(this.#middle.x, width / zoom, map.width) - width / zoom / 2;
    const top = middleOf(this.#middle.y, height / zoom, map.height) - height / zoom / 2;
    // As in `view`, the other way round.
    const scrollX = Math.round(left * zoom) / zoom - (width - width / zoom) / 2;
    const scrollY = Math.round(top * zoom) / zoom - (height - height / zoom) / 2;
    camera.setScroll(scrollX, scrollY);
  }

  /** Gives the canvas every real pixel of the window, and the world a whole number of them for each of its own. */
  #fit(): void {
    this.#pixelRatio = devicePixelRatio;
    const width = Math.max(1, Math.round(innerWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(innerHeight * devicePixelRatio));
    this.scale.resize(width, height);
    // Over what Phaser writes there, which takes pixels of the canvas for pixels of CSS.
    Object.assign(this.scale.canvas.style, { width: "100%", height: "100%" });
    this.cameras.main.setSize(width, height).setZoom(zoomFor(width, height));
    for (const character of this.#characters.values()) character.fit(this.cameras.main.zoom, this.#pixelRatio);
  }
}
