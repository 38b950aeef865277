// The speech bubbles over the players. They are HTML elements over the canvas, so they can show all writing systems and
// emoji. What a player says is inserted as text, never as HTML.
import { HALF_BODY } from "../sim/rules.ts";
import { HEIGHT } from "./character-art.ts";
import { type Box, stack } from "./stack.ts";

/** Milliseconds for which a bubble is shown: BASE_MS, plus MS_PER_CHARACTER for each character of its text. */
const BASE_MS = 3500;
const MS_PER_CHARACTER = 55;

/** Maximum number of bubbles at a time. An additional bubble replaces the oldest one. */
const MAX_BUBBLES = 16;

/** Distance in CSS pixels between a player's head and its bubble. The player's name is between them. */
const ABOVE_HEAD = 20;

/** Smallest distance in CSS pixels between a bubble and the sides of the screen. */
const MARGIN = 6;

/** The part of the world that the screen shows, in units. */
export interface ShownPart {
  left: number;
  top: number;
  width: number;
  height: number;
}

interface Bubble {
  element: HTMLElement;
  until: number;
  /** The bubble's size in CSS pixels. */
  width: number;
  height: number;
}

/** The bubbles, up to one per player. */
export class Bubbles {
  readonly #parent: HTMLElement;
  readonly #hand: Node;
  /** The bubbles by the session id of their players, oldest first. */
  readonly #bubbles = new Map<string, Bubble>();

  /** @param hand the picture of a waving hand, of which the bubbles show copies. */
  constructor(parent: HTMLElement, hand: Node) {
    this.#parent = parent;
    this.#hand = hand;
  }

  /** Shows a text over a player instead of the player's last bubble. */
  say(id: string, text: string, now: number): void {
    this.#show(id, text, "say", now + BASE_MS + MS_PER_CHARACTER * text.length);
  }

  /** Shows a waving hand over a player instead of the player's last bubble. */
  wave(id: string, now: number): void {
    this.#show(id, this.#hand.cloneNode(true), "wave", now + BASE_MS);
  }

  #show(id: string, content: string | Node, kind: string, until: number): void {
    this.remove(id);
    const [oldest] = this.#bubbles.keys();
    if (this.#bubbles.size >= MAX_BUBBLES && oldest !== undefined) this.remove(oldest);
    const element = document.createElement("p");
    element.className = kind;
    element.dir = "auto";
    element.append(content);
    this.#parent.append(element);
    this.#bubbles.set(id, { element, until, width: element.offsetWidth, height: element.offsetHeight });
  }

  /** Removes a player's bubble, if it has one. */
  remove(id: string): void {
    this.#bubbles.get(id)?.element.remove();
    this.#bubbles.delete(id);
  }

  /**
   * Moves the bubbles to their players. Removes the bubbles whose time is over or whose player is no longer drawn.
   * @param positions the drawn positions of the players, in units, by session id.
   */
  draw(positions: ReadonlyMap<string, { x: number; y: number }>, view: ShownPart, now: number): void {
    const scale = innerWidth / view.width;
    const shown: (Box & { element: HTMLElement })[] = [];
    for (const [id, bubble] of this.#bubbles) {
      const position = positions.get(id);
      if (!position || now > bubble.until) {
        this.remove(id);
        continue;
      }
      const x = (position.x - view.left) * scale;
      const head = (position.y + HALF_BODY - HEIGHT - view.top) * scale;
      const isOnScreen = x >= 0 && x <= innerWidth && head >= 0 && head <= innerHeight;
      bubble.element.style.visibility = isOnScreen ? "visible" : "hidden";
      if (!isOnScreen) continue;
      const half = bubble.width / 2 + MARGIN;
      shown.push({ ...bubble, x: Math.max(Math.min(x, innerWidth - half), half), y: head - ABOVE_HEAD });
    }
    const edges = stack(shown);
    for (const [index, { element, x, width, height }] of shown.entries()) {
      element.style.translate = `${Math.round(x - width / 2)}px ${Math.round(edges[index]! - height)}px`;
    }
  }
}
