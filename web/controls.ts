// What the player asks for: arrow keys, WASD and the touch pad, as one input. The last one pressed wins.
import { BLANK_INPUT } from "../schema/move-input.ts";
import type { Input } from "../sim/apply-input.ts";
import { type Direction, DOWN, directionOfCode, LEFT, NONE, RIGHT, UP } from "../sim/directions.ts";

/** By place on the keyboard, not by letter: WASD lies in another place on a French one, but it is the same hand. */
const KEYS: Readonly<Record<string, Direction | undefined>> = {
  ArrowLeft: LEFT,
  ArrowRight: RIGHT,
  ArrowUp: UP,
  ArrowDown: DOWN,
  KeyA: LEFT,
  KeyD: RIGHT,
  KeyW: UP,
  KeyS: DOWN,
};

/** Part of the pad's radius around its middle where a thumb rests and asks for nothing. */
const REST = 0.18;

/** Where keys are for writing, or move a slider. */
const FIELDS = "input, select, textarea";

/** Listens to the keyboard and to a touch pad. */
export class Controls {
  /** Whether presses count; they do not while nothing is joined. What is held already stays held. */
  enabled = false;
  readonly #pad: HTMLElement;
  /** What each held key or pointer asks for, in the order in which they were pressed. */
  readonly #held = new Map<string, Input>();
  /** The last press until an input was sent for it, so that a tap shorter than a tick is a step as well. */
  #tapped: Input | undefined;

  constructor(pad: HTMLElement) {
    this.#pad = pad;
    addEventListener("keydown", (event) => this.#keyDown(event));
    addEventListener("keyup", (event) => this.#release(event.code));
    // A key that is let go in another window is never told to us.
    addEventListener("blur", () => this.releaseAll());
    pad.addEventListener("pointerdown", (event) => {
      pad.setPointerCapture(event.pointerId);
      this.#slide(event);
    });
    pad.addEventListener("pointermove", (event) => {
      if (pad.hasPointerCapture(event.pointerId)) this.#slide(event);
    });
    pad.addEventListener("lostpointercapture", (event) => this.#release(`pointer ${event.pointerId}`));
    pad.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** What the player asks for now. */
  get input(): Input {
    return this.#tapped ?? [...this.#held.values()].at(-1) ?? BLANK_INPUT;
  }

  /** To be called when an input was sent. */
  sent(): void {
    this.#tapped = undefined;
  }

  /** Lets go of everything. */
  releaseAll(): void {
    this.#held.clear();
    this.#tapped = undefined;
    this.#light();
  }

  #keyDown(event: KeyboardEvent): void {
    const direction = KEYS[event.code];
    if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.matches(FIELDS)) return;
    event.preventDefault();
    if (!event.repeat) this.#press(event.code, { direction });
  }

  #slide(event: PointerEvent): void {
    const { left, top, width, height } = this.#pad.getBoundingClientRect();
    const right = (event.clientX - left) / width - 0.5;
    const down = (event.clientY - top) / height - 0.5;
    const source = `pointer ${event.pointerId}`;
    if (Math.hypot(right, down) < REST / 2) {
      this.#release(source);
      return;
    }
    const across = Math.abs(right) > Math.abs(down);
    const direction = across ? (right < 0 ? LEFT : RIGHT) : down < 0 ? UP : DOWN;
    if (this.#held.get(source)?.direction !== direction) this.#press(source, { direction });
  }

  #press(source: string, input: Input): void {
    if (!this.enabled) return;
    this.#held.delete(source);
    this.#held.set(source, input);
    this.#tapped = input;
    this.#light();
  }

  #release(source: string): void {
    if (this.#held.delete(source)) this.#light();
  }

  /** Shows on the pad what is held. */
  #light(): void {
    const held = new Set([...this.#held.values()].map((input) => input.direction));
    for (const arrow of this.#pad.querySelectorAll<HTMLElement>("[data-direction]")) {
      const direction = directionOfCode(Number(arrow.dataset.direction));
      arrow.classList.toggle("pressed", direction !== NONE && held.has(direction));
    }
  }
}
