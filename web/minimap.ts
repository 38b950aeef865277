// The map panel: the whole map, the players in sight, the user's player, and the part that the screen shows.
import { jacketOf } from "./character-art.ts";
import { byId } from "./elements.ts";
import type { Figure } from "./figure.ts";
import type { Ground } from "./ground.ts";
import { paintMap } from "./map-picture.ts";

/** Radius of a dot, in CSS pixels. */
const DOT = 2.6;

/**
 * Minimum number of players at which all except the user's player are drawn as small squares without an outline.
 * Drawing circles would take longer.
 */
const CROWD = 200;

/** Side of a square, in CSS pixels. */
const SQUARE = 2;

const GOLD = "#ffd27a";
const NIGHT = "#14181c";
const PAPER = "#f6f1e4";

/** A rectangle of the world, in units. */
interface View {
  left: number;
  top: number;
  width: number;
  height: number;
}

export class Minimap {
  readonly #canvas = byId("minimap", HTMLCanvasElement);
  #ground: Ground | undefined;
  #picture: HTMLCanvasElement | undefined;

  /** Draws the map. Does nothing while the panel is closed. */
  draw(ground: Ground, figures: ReadonlyMap<string, Figure>, view: View): void {
    const { clientWidth } = this.#canvas;
    if (clientWidth === 0) return;
    if (ground !== this.#ground) {
      this.#ground = ground;
      this.#picture = paintMap(ground);
      this.#canvas.style.aspectRatio = `${ground.map.width} / ${ground.map.height}`;
    }
    const width = Math.round(clientWidth * devicePixelRatio);
    const height = Math.max(1, Math.round((width * ground.map.height) / ground.map.width));
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const context = this.#canvas.getContext("2d")!;
    const scale = width / ground.map.width;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#picture!, 0, 0, width, height);
    context.lineWidth = 1.5 * devicePixelRatio;
    context.strokeStyle = PAPER;
    context.strokeRect(view.left * scale, view.top * scale, view.width * scale, view.height * scale);
    let own: Figure | undefined;
    context.lineWidth = devicePixelRatio;
    const mark = figures.size < CROWD ? dot : square;
    for (const figure of figures.values()) {
      if (figure.own) own = figure;
      else if (!figure.ghost) mark(context, figure, scale, figures.size < CROWD ? DOT : SQUARE, colourOf(figure));
    }
    // The user's player is drawn last, over players in the same position.
    if (own) dot(context, own, scale, DOT * 1.5, GOLD);
  }
}

function colourOf({ look }: Figure): string {
  return `hsl(${jacketOf(look)} 85% 72%)`;
}

function square(context: CanvasRenderingContext2D, at: Figure, scale: number, side: number, colour: string): void {
  const pixels = Math.round(side * devicePixelRatio);
  context.fillStyle = colour;
  context.fillRect(at.x * scale - pixels / 2, at.y * scale - pixels / 2, pixels, pixels);
}

function dot(context: CanvasRenderingContext2D, at: Figure, scale: number, radius: number, colour: string): void {
  context.beginPath();
  context.arc(at.x * scale, at.y * scale, radius * devicePixelRatio, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = NIGHT;
  context.stroke();
}
