// One player on the screen: shadow, body and name.
import type Phaser from "phaser";
import { DOWN, directionOfCode } from "../sim/directions.ts";
import { HALF_BODY } from "../sim/rules.ts";
import { FRAMES, HEIGHT, paintSheet, ROWS, WIDTH } from "./character-art.ts";
import { DEPTH } from "./depth.ts";
import type { Figure } from "./figure.ts";
import type { Label } from "./labels.ts";

/** Units walked per frame of the walk cycle. */
const STRIDE = 10;

/**
 * A player that has not moved for this many milliseconds is drawn standing. The time is longer than one late frame, so
 * a late frame does not interrupt the walk cycle.
 */
const STANDS_AFTER_MS = 90;

/** Height of a name on the screen, in CSS pixels. */
const NAME_PIXELS = 12;

/** Colour of the ring around the followed player. */
const OWN_COLOUR = 0xf0c268;

/** Opacity and tint of a ghost, the figure that shows where the user's player is on the server. */
const GHOST_ALPHA = 0.5;
const GHOST_TINT = 0x9fd4ff;

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans KR", sans-serif';

/** A player drawn in a scene. */
export class Character {
  readonly #shadow: Phaser.GameObjects.Ellipse;
  readonly #body: Phaser.GameObjects.Image;
  readonly #name: Phaser.GameObjects.Text;
  readonly #own: boolean;
  #x: number;
  #y: number;
  #walked = 0;
  #movedAt = Number.NEGATIVE_INFINITY;

  constructor(scene: Phaser.Scene, { name, look, x, y, own, ghost }: Figure) {
    this.#own = own;
    this.#x = x;
    this.#y = y;
    // The followed player has a ring around its shadow. The others have only a shadow.
    this.#shadow = scene.add.ellipse(x, y, 20, 9, 0x14181c, 0.3);
    if (own) this.#shadow.setStrokeStyle(1.5, OWN_COLOUR, 0.95);
    this.#body = scene.add.image(x, y, sheetOf(scene, look), 0).setOrigin(0.5, 1);
    if (ghost) this.#body.setAlpha(GHOST_ALPHA).setTint(GHOST_TINT);
    this.#name = scene.add.text(x, y, name, { fontFamily: FONT, color: own ? "#ffdf9e" : "#ffffff" });
    this.#name.setOrigin(0.5, 1).setDepth(DEPTH.names + (own ? 1 : 0));
  }

  /** Sets the size of the name, so that its size in CSS pixels does not depend on the zoom of the world. */
  fit(zoom: number, pixelRatio: number): void {
    this.#name.setFontSize(Math.round(NAME_PIXELS * pixelRatio));
    this.#name.setStroke("#20262bd0", Math.round(3.5 * pixelRatio));
    this.#name.setScale(1 / zoom);
  }

  /** Shows the player as it is at `now`. With `reducedMotion` the player still moves, but its legs do not. */
  draw({ x, y, facing }: Figure, now: number, zoom: number, reducedMotion: boolean): void {
    const distance = Math.hypot(x - this.#x, y - this.#y);
    this.#x = x;
    this.#y = y;
    if (distance > 0.05) {
      this.#movedAt = now;
      this.#walked += distance;
    } else if (now - this.#movedAt > STANDS_AFTER_MS) {
      this.#walked = 0;
    }
    const moving = now - this.#movedAt <= STANDS_AFTER_MS;
    // A walk begins with a frame in which a foot is raised, so that the legs move even in a single step.
    const frame = moving && !reducedMotion ? (Math.floor(this.#walked / STRIDE) + 1) % FRAMES : 0;
    const row = ROWS.indexOf(directionOfCode(facing) || DOWN);

    // Positions are rounded to device pixels. Otherwise nearest-neighbour scaling would make the outlines flicker.
    const left = Math.round(x * zoom) / zoom;
    const feet = Math.round((y + HALF_BODY) * zoom) / zoom;
    this.#shadow.setPosition(left, feet - 3).setDepth(DEPTH.players);
    this.#body.setFrame(row * FRAMES + frame).setPosition(left, feet);
    // Players with a larger y are in front of players with a smaller y. The followed player is in front of all others.
    this.#body.setDepth(DEPTH.players + (this.#own ? 2 : 1) + y / 100_000);
    this.#name.setPosition(left, feet - HEIGHT - 1);
  }

  /** The rectangle of the name, in units. For the followed player, it includes the body, so no name hides the body. */
  get label(): Label {
    const { x, y, displayWidth, displayHeight } = this.#name;
    const below = this.#own ? HEIGHT : 0;
    return { x, y: y + below, width: displayWidth, height: displayHeight + below };
  }

  /** Whether the name is shown. */
  set labelled(visible: boolean) {
    this.#name.setVisible(visible);
  }

  destroy(): void {
    this.#shadow.destroy();
    this.#body.destroy();
    this.#name.destroy();
  }
}

/** Returns the key of the texture with the sprite sheet of a look. The sheet is painted at its first use. */
export function sheetOf(scene: Phaser.Scene, look: number): string {
  const key = `character ${look}`;
  if (scene.textures.exists(key)) return key;
  const texture = scene.textures.addCanvas(key, paintSheet(look));
  for (let frame = 0; frame < ROWS.length * FRAMES; frame++) {
    texture?.add(frame, 0, (frame % FRAMES) * WIDTH, Math.floor(frame / FRAMES) * HEIGHT, WIDTH, HEIGHT);
  }
  return key;
}
