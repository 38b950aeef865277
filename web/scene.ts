// The scene: the map, the players on it, and a camera that follows the own player.
import Phaser from "phaser";
import { ease, middleOf, zoomFor } from "./camera.ts";
import { Character } from "./character.ts";
import { DEPTH } from "./depth.ts";
import type { Figure } from "./figure.ts";
import type { Ground } from "./ground.ts";

/** Returns the figures to draw in the frame at `now`. */
export type Frame = (now: number) => ReadonlyMap<string, Figure>;

const SOLID_LAYER = "walls";

/**
 * Milliseconds per frame for creating the characters of new players. A crowd appears over several frames: creating it
 * in one frame would block the page for a third of a second.
 */
const NEWCOMERS_BUDGET_MS = 6;

/** Creates the game in `parent`. Resolves with its scene as soon as the scene can be drawn. */
export function createScene(parent: HTMLElement, frame: Frame): Promise<WorldScene> {
  return new Promise((resolve) => {
    const scene = new WorldScene(frame, resolve);
    new Phaser.Game({
      type: Phaser.AUTO,
      parent,
      scene,
      backgroundColor: "#1d2428",
      // Sharp pixels. `pixelArt` would also round every position to a whole unit of the world.
      antialias: false,
      antialiasGL: false,
      // #fit() sets the size, because Phaser ignores the device pixel ratio.
      scale: { mode: Phaser.Scale.NONE, width: 1, height: 1 },
      // The page handles keys and touch itself, and has no sound.
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
  readonly #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  readonly #characters = new Map<string, Character>();
  #ground: Ground | undefined;
  #layers: Phaser.GameObjects.GameObject[] = [];
  #pixelRatio = 1;
  #lastFrame = 0;
  /** The centre of the view, before it is rounded to pixels; undefined until the own player is drawn. */
  #centre: { x: number; y: number } | undefined;

  constructor(frame: Frame, ready: (scene: WorldScene) => void) {
    super("world");
    this.#frame = frame;
    this.#ready = ready;
  }

  /** The part of the world that the screen shows, in units. */
  get view(): { left: number; top: number; width: number; height: number } {
    const { scrollX, scrollY, zoom, width, height } = this.cameras.main;
    const shown = { width: width / zoom, height: height / zoom };
    // A camera zooms around the centre of its viewport; its scroll is the position of the corner at zoom 1.
    return { left: scrollX + (width - shown.width) / 2, top: scrollY + (height - shown.height) / 2, ...shown };
  }

  /** Called by Phaser, once. */
  create(): void {
    this.#fit();
    addEventListener("resize", () => this.#fit());
    this.#ready(this);
  }

  /** Called by Phaser once per frame. */
  override update(): void {
    // Phaser's own time is smoothed, and wrong on a slow screen. The SDK uses the browser's clock, too.
    const now = performance.now();
    const milliseconds = now - this.#lastFrame;
    this.#lastFrame = now;
    if (devicePixelRatio !== this.#pixelRatio) this.#fit();
    const figures = this.#frame(now);
    this.#draw(figures, now);
    for (const figure of figures.values()) if (figure.own) this.#follow(figure, milliseconds);
  }

  /** Shows a map. Does nothing if it is shown already. */
  show(ground: Ground): void {
    if (ground === this.#ground) return;
    this.#ground = ground;
    this.#centre = undefined;
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

  /** Draws the figures: creates missing characters, and destroys those without a figure. */
  #draw(figures: ReadonlyMap<string, Figure>, now: number): void {
    const { zoom } = this.cameras.main;
    for (const [id, character] of this.#characters) {
      if (figures.has(id)) continue;
      character.destroy();
      this.#characters.delete(id);
    }
    const deadline = performance.now() + NEWCOMERS_BUDGET_MS;
    for (const [id, figure] of figures) {
      let character = this.#characters.get(id);
      if (!character) {
        if (!figure.own && performance.now() > deadline) continue;
        character = new Character(this, figure);
        character.fit(zoom, this.#pixelRatio);
        this.#characters.set(id, character);
      }
      character.draw(figure, now, zoom, this.#reducedMotion.matches);
    }
  }

  /** Moves the camera towards the own player. */
  #follow({ x, y }: Figure, milliseconds: number): void {
    const camera = this.cameras.main;
    const map = this.#ground?.map;
    if (!map) return;
    const part = this.#centre && !this.#reducedMotion.matches ? ease(milliseconds) : 1;
    const from = this.#centre ?? { x, y };
    this.#centre = { x: from.x + (x - from.x) * part, y: from.y + (y - from.y) * part };
    const { zoom, width, height } = camera;
    const left = middleOf(this.#centre.x, width / zoom, map.width) - width / zoom / 2;
    const top = middleOf(this.#centre.y, height / zoom, map.height) - height / zoom / 2;
    // The inverse of `view`.
    const scrollX = Math.round(left * zoom) / zoom - (width - width / zoom) / 2;
    const scrollY = Math.round(top * zoom) / zoom - (height - height / zoom) / 2;
    camera.setScroll(scrollX, scrollY);
  }

  /** Sizes the canvas in device pixels. The zoom is a whole number of device pixels per pixel of a tile. */
  #fit(): void {
    this.#pixelRatio = devicePixelRatio;
    const width = Math.max(1, Math.round(innerWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(innerHeight * devicePixelRatio));
    this.scale.resize(width, height);
    // Overwrites the size that Phaser sets, which takes canvas pixels for CSS pixels.
    Object.assign(this.scale.canvas.style, { width: "100%", height: "100%" });
    this.cameras.main.setSize(width, height).setZoom(zoomFor(width, height));
    for (const character of this.#characters.values()) character.fit(this.cameras.main.zoom, this.#pixelRatio);
  }
}
