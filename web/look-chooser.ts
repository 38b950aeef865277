// The choice of a look in the settings panel: a jacket and hair, as two rows of coloured buttons.
import { HAIR, JACKETS, lookOf, partsOf } from "./character-art.ts";
import { byId } from "./elements.ts";
import { keep, kept } from "./kept.ts";
import { messages, onLanguage } from "./language.ts";

const STORAGE_KEY = "sabang-look";

/** Milliseconds after which a choice takes effect. Until then, the user can still choose another option. */
export const SETTLED_MS = 400;

/** For each part of a look, the colours of its buttons. */
const COLOURS = { jacket: JACKETS.map((hue) => `hsl(${hue} 58% 56%)`), hair: HAIR };
type Part = keyof typeof COLOURS;

export class LookChooser {
  readonly #buttons: Record<Part, HTMLInputElement[]>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param choose is called with the look that the player has chosen. */
  constructor(choose: (look: number) => void) {
    this.#buttons = { jacket: addButtons("jacket"), hair: addButtons("hair") };
    for (const button of [...this.#buttons.jacket, ...this.#buttons.hair]) {
      button.addEventListener("change", () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          choose(lookOf(this.#chosen("jacket"), this.#chosen("hair")));
        }, SETTLED_MS);
      });
    }
    onLanguage(() => this.#writeLabels());
  }

  /** Shows the player's look, unless the player is choosing another one. */
  show(look: number): void {
    if (this.#timer !== undefined) return;
    const parts = partsOf(look);
    for (const part of ["jacket", "hair"] as const) this.#buttons[part][parts[part]]!.checked = true;
  }

  #chosen(part: Part): number {
    return Math.max(
      0,
      this.#buttons[part].findIndex((button) => button.checked),
    );
  }

  #writeLabels(): void {
    const { jackets, hairs } = messages();
    for (const [index, button] of this.#buttons.jacket.entries()) button.ariaLabel = jackets[index]!;
    for (const [index, button] of this.#buttons.hair.entries()) button.ariaLabel = hairs[index]!;
  }
}

/** Returns the look that the player had on its last visit; undefined if none is kept. */
export function keptLook(): number | undefined {
  const look = Number.parseInt(kept(STORAGE_KEY) ?? "", 10);
  return look >= 0 && look < JACKETS.length * HAIR.length ? look : undefined;
}

/** Keeps the player's look in the browser for all maps. The server keeps a look for each map separately. */
export function keepLook(look: number): void {
  keep(STORAGE_KEY, String(look));
}

/** Adds the buttons of a part to its row. */
function addButtons(part: Part): HTMLInputElement[] {
  return COLOURS[part].map((colour) => {
    const button = document.createElement("input");
    button.type = "radio";
    button.name = part;
    button.style.setProperty("--colour", colour);
    byId(`${part}s`, HTMLElement).append(button);
    return button;
  });
}
