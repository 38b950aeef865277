// The progress bar that index.html shows until the game is drawn for the first time.
import { byId } from "./elements.ts";

/** Advances the bar. The bar's `max` in index.html is the number of parts: the script, and one per call of `track`. */
export class Loading {
  readonly #view = byId("loading", HTMLElement);
  readonly #bar = byId("loading-bar", HTMLProgressElement);

  /** Counts the first part: the page's script, which has arrived when the constructor runs. */
  constructor() {
    this.#bar.value = 1;
  }

  /** Advances the bar when this part has arrived. */
  async track<Part>(part: Promise<Part>): Promise<Part> {
    const arrived = await part;
    this.#bar.value++;
    return arrived;
  }

  /** Removes the bar. */
  done(): void {
    this.#view.hidden = true;
  }
}
