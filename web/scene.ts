// The scene: the map, the players on it, and a camera that follows one player.
import Phaser from "phaser";
import { ease, middleOf, OVERHANG, zoomFor } from "./camera.ts";
import { Character } from "./character.ts";
import type { Area } from "./clear-area.ts";
import { CrowdLayer } from "./crowd-layer.ts";
import type { Figure } from "./figure.ts";
import type { Ground } from "./ground.ts";
import { placeLabels } from "./labels.ts";
import { MapView } from "./map-view.ts";
import { nearestOf } from "./nearest.ts";
import { prefersWebGl } from "./renderer.ts";

/** Returns the figures to draw in the frame at `now`. */
export type Frame = (now: number) => ReadonlyMap<string, Figure>;

/**
 * Maximum number of players that are drawn in full. They are the nearest ones. All others are small figures without
 * names.
 */
const MAX_CHARACTERS = 40;

/**
 * Factor for the distance of a player that is already drawn in full. It makes this player seem nearer than it is.
 * Without the factor, two players at about the same distance would be drawn in full alternately.
 */
const KEPT = 0.9;

/** A figure may still be visible if it is up to this many units beyond an edge of the screen. */
const FIGURE_REACH = 48;

/**
 * Maximum milliseconds per frame for creating the characters of new players. A crowd appears over several frames,
 * because creating it in one frame would block the page for a third of a second.
 */
const NEWCOMERS_BUDGET_MS = 6;

/** Creates the game in `parent`. Resolves with its scene as soon as the scene can be drawn. */
export function createScene(parent: HTMLElement, frame: Frame): Promise<WorldScene> {
  return new Promise((resolve) => {
    const scene = new WorldScene(frame, resolve);
    new Phaser.Game({
      // With AUTO, Phaser falls back to a canvas if the browser has no WebGL.
      type: prefersWebGl() ? Phaser.AUTO : Phaser.CANVAS,
      parent,
      scene,
      backgroundColor: "#1d2428",
      // Keeps pixels sharp. The option `pixelArt` would also round every position to a whole unit of the world.
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
  /** The part of the screen in which the camera keeps the followed player; undefined for the whole screen. */
  clearArea: Area | undefined;
  readonly #frame: Frame;
  readonly #ready: (scene: WorldScene) => void;
  readonly #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  readonly #characters = new Map<string, Character>();
  #crowd: CrowdLayer | undefined;
  #map: MapView | undefined;
  #pixelRatio = 1;
  #lastFrame = 0;
  /** The centre of the view, before it is rounded to pixels; undefined until the followed player is drawn. */
  #centre: { x: number; y: number } | undefined;
  /** The clear area in this frame. It approaches `clearArea` gradually. */
  #clear: Area | undefined;

  constructor(frame: Frame, ready: (scene: WorldScene) => void) {
    super("world");
    this.#frame = frame;
    this.#ready = ready;
  }

  /** The part of the world that the screen shows, in units. */
  get view(): { left: number; top: number; width: number; height: number } {
    const { scrollX, scrollY, zoom, width, height } = this.cameras.main;
    const shown = { width: width / zoom, height: height / zoom };
    // A camera zooms around the centre of its viewport. Its scroll is where the top left corner would be at zoom 1.
    return { left: scrollX + (width - shown.width) / 2, top: scrollY + (height - shown.height) / 2, ...shown };
  }

  /** Called by Phaser, once. */
  create(): void {
    this.#crowd = new CrowdLayer(this);
    this.#fit();
    addEventListener("resize", () => this.#fit());
    this.#ready(this);
  }

  /** Called by Phaser once per frame. */
  override update(): void {
    // Uses the clock of the browser, as the SDK does. Phaser's own time is smoothed, and is wrong if frames are slow.
    const now = performance.now();
    const milliseconds = now - this.#lastFrame;
    this.#lastFrame = now;
    if (devicePixelRatio !== this.#pixelRatio) this.#fit();
    const figures = this.#frame(now);
    this.#draw(figures, now);
    for (const figure of figures.values()) if (figure.own) this.#follow(figure, milliseconds);
    this.#map?.draw(this.view, this.#reducedMotion.matches ? 0 : now);
  }

  /** Shows a map. Does nothing if it is shown already. */
  show(ground: Ground): void {
    if (ground === this.#map?.ground) return;
    this.#centre = undefined;
    this.#clear = undefined;
    this.#map?.destroy();
    this.#map = new MapView(this, ground);
  }

  /** Draws the followed player, any ghost and the nearest others in full, and the other visible players as a crowd. */
  #draw(figures: ReadonlyMap<string, Figure>, now: number): void {
    const { left, top, width, height } = this.view;
    const own: Figure[] = [];
    const others: Figure[] = [];
    for (const figure of figures.values()) {
      const { x, y } = figure;
      if (figure.own || figure.ghost) own.push(figure);
      else if (Math.abs(x - left - width / 2) > width / 2 + FIGURE_REACH) continue;
      else if (Math.abs(y - top - height / 2) <= height / 2 + FIGURE_REACH) others.push(figure);
    }
    // Distances are measured from the followed player. In a replay, there is none right after that player has left.
    // In this case, distances are measured from the centre of the screen.
    const centre = own.find((figure) => figure.own) ?? { x: left + width / 2, y: top + height / 2 };
    const distanceOf = ({ id, x, y }: Figure) =>
      Math.hypot(x - centre.x, y - centre.y) * (this.#characters.has(id) ? KEPT : 1);
    const near = nearestOf(others, distanceOf, MAX_CHARACTERS).map(({ item }) => item);

    this.#drawCharacters([...own, ...near], now);
    this.#crowd!.draw(
      others.filter(({ id }) => !this.#characters.has(id)),
      this.cameras.main.zoom,
    );
  }

  /** Draws these figures in full. If two names overlap, only the name of the earlier figure is shown. */
  #drawCharacters(figures: readonly Figure[], now: number): void {
    const keys = new Set(figures.map(keyOf));
    for (const [key, character] of this.#characters) {
      if (keys.has(key)) continue;
      character.destroy();
      this.#characters.delete(key);
    }
    const { zoom } = this.cameras.main;
    const deadline = performance.now() + NEWCOMERS_BUDGET_MS;
    const drawn: Character[] = [];
    for (const figure of figures) {
      const character = this.#characterOf(figure, deadline);
      character?.draw(figure, now, zoom, this.#reducedMotion.matches);
      if (character) drawn.push(character);
    }
    const shown = placeLabels(drawn.map(({ label }) => label));
    for (const [index, character] of drawn.entries()) character.labelled = shown[index]!;
  }

  /**
   * Returns a figure's character. Creates it if necessary. After the deadline, only the followed player's character
   * is created.
   */
  #characterOf(figure: Figure, deadline: number): Character | undefined {
    const known = this.#characters.get(keyOf(figure));
    if (known || (!figure.own && performance.now() > deadline)) return known;
    const character = new Character(this, figure);
    character.fit(this.cameras.main.zoom, this.#pixelRatio);
    this.#characters.set(keyOf(figure), character);
    return character;
  }

  /**
   * Moves the camera so that the followed player stays in the middle of the clear area. At an edge of the map the
   * camera stops, so that the clear area shows little beyond the map.
   */
  #follow({ x, y }: Figure, milliseconds: number): void {
    const camera = this.cameras.main;
    const map = this.#map?.ground.map;
    if (!map) return;
    const part = this.#centre && !this.#reducedMotion.matches ? ease(milliseconds) : 1;
    const from = this.#centre ?? { x, y };
    this.#centre = { x: from.x + (x - from.x) * part, y: from.y + (y - from.y) * part };
    const target = this.clearArea ?? { left: 0, top: 0, width: innerWidth, height: innerHeight };
    this.#clear = mix(this.#clear ?? target, target, part);
    const { zoom, width, height } = camera;
    const unit = zoom / this.#pixelRatio; // CSS pixels per unit of the world
    const clear = { width: this.#clear.width / unit, height: this.#clear.height / unit };
    const left =
      middleOf(this.#centre.x, clear.width, map.width, OVERHANG.x) - clear.width / 2 - this.#clear.left / unit;
    const top =
      middleOf(this.#centre.y, clear.height, map.height, OVERHANG.y) - clear.height / 2 - this.#clear.top / unit;
    // Converts the view's corner to the camera's scroll. The property `view` does the reverse.
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
    // Phaser sets the canvas's size in CSS pixels to the number of device pixels. This style replaces Phaser's size.
    Object.assign(this.scale.canvas.style, { width: "100%", height: "100%" });
    this.cameras.main.setSize(width, height).setZoom(zoomFor(width, height));
    for (const character of this.#characters.values()) character.fit(this.cameras.main.zoom, this.#pixelRatio);
  }
}

/** Interpolates between two areas. A share of 0 returns the first area, and 1 returns the second. */
function mix(from: Area, to: Area, share: number): Area {
  const between = (side: keyof Area) => from[side] + (to[side] - from[side]) * share;
  return { left: between("left"), top: between("top"), width: between("width"), height: between("height") };
}

/** Returns the key of a figure's character. A ghost has the same id as its player, so its key must be different. */
function keyOf({ id, ghost }: Figure): string {
  return ghost ? `ghost of ${id}` : id;
}
