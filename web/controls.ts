// The player's input from arrow keys, WASD and the touch pad. The key or pointer that was pressed last wins.
import { BLANK_INPUT } from "../schema/move-input.ts";
import type { Input } from "../sim/apply-input.ts";
import { type Direction, DOWN, directionOfCode, LEFT, NONE, RIGHT, UP } from "../sim/directions.ts";

/** Keys by their position, not by their letter: a French keyboard has other letters in the positions of WASD. */
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

/** Radius around the pad's centre in which a pointer has no effect, as a share of the pad's radius. */
const DEAD_ZONE = 0.18;

/** Elements that use keys themselves, to write or to move a slider. */
const FIELDS = "input, select, textarea";

/** Listens to the keyboard and to a touch pad. */
export class Controls {
  /**
   * Whether new presses have an effect; false while the page is not in a room. Keys that are already held stay held.
   */
  enabled = false;
  readonly #pad: HTMLElement;
  /** The input of each held key or pointer, in the order in which they were pressed. */
  readonly #held = new Map<string, Input>();
  /** The input of the last press, until it has been sent. So even a tap that is shorter than a tick causes a step. */
  #tapped: Input | undefined;

  constructor(pad: HTMLElement) {
    this.#pad = pad;
    addEventListener("keydown", (event) => this.#keyDown(event));
    addEventListener("keyup", (event) => {
      this.#release(event.code);
      // While the Command key is down, macOS does not report the release of other keys.
      if (event.key === "Meta") this.releaseAll();
    });
    // A key that is released in another window causes no event in this one.
    addEventListener("blur", () => this.releaseAll());
    pad.addEventListener("pointerdown", (event) => {
      pad.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    pad.addEventListener("pointermove", (event) => {
      if (pad.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    pad.addEventListener("lostpointercapture", (event) => this.#release(`pointer ${event.pointerId}`));
    pad.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** The player's input now. */
  get input(): Input {
    return this.#tapped ?? [...this.#held.values()].at(-1) ?? BLANK_INPUT;
  }

  /** Call this after an input has been sent. */
  sent(): void {
    this.#tapped = undefined;
  }

  /** Releases all keys and pointers. */
  releaseAll(): void {
    this.#held.clear();
    this.#tapped = undefined;
    this.#highlight();
  }

  #keyDown(event: KeyboardEvent): void {
    const direction = KEYS[event.code];
    if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.matches(FIELDS)) return;
    event.preventDefault();
    if (!event.repeat) this.#press(event.code, { direction });
  }

  #point(event: PointerEvent): void {
    const { left, top, width, height } = this.#pad.getBoundingClientRect();
    const right = (event.clientX - left) / width - 0.5;
    const down = (event.clientY - top) / height - 0.5;
    const source = `pointer ${event.pointerId}`;
    if (Math.hypot(right, down) < DEAD_ZONE / 2) {
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
    this.#highlight();
  }

  #release(source: string): void {
    if (this.#held.delete(source)) this.#highlight();
  }

  /** Highlights the held directions on the pad. */
  #highlight(): void {
    const held = new Set([...this.#held.values()].map((input) => input.direction));
    for (const arrow of this.#pad.querySelectorAll<HTMLElement>("[data-direction]")) {
      const direction = directionOfCode(Number(arrow.dataset.direction));
      arrow.classList.toggle("pressed", direction !== NONE && held.has(direction));
    }
  }
}
