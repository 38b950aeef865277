// The list in the settings panel, from which the user chooses one of the server's maps.
import { byId } from "./elements.ts";
import { loadJson } from "./load-json.ts";
import { SETTLED_MS } from "./look-chooser.ts";

export class MapChooser {
  readonly #row = byId("map-row", HTMLElement);
  readonly #select = byId("map-choice", HTMLSelectElement);
  readonly #url: URL;
  /** The map of the room, or the map that the user has chosen after the join. */
  #map = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param base is the URL of the page's folder.
   * @param choose is called with the name of the map that the player has chosen.
   */
  constructor(base: URL, choose: (map: string) => void) {
    this.#url = new URL("maps.json", base);
    this.#select.addEventListener("change", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        if (this.#select.value === this.#map) return;
        this.#map = this.#select.value;
        choose(this.#map);
      }, SETTLED_MS);
    });
  }

  /** Shows the map of the room. */
  show(map: string): void {
    clearTimeout(this.#timer);
    this.#map = map;
    this.#select.value = map;
  }

  /** Loads, offers and returns the names of the maps. Keeps and returns the present names if loading fails. */
  async load(): Promise<readonly string[]> {
    const offered = Array.from(this.#select.options, ({ value }) => value);
    const names = await loadJson<string[]>(this.#url).catch(() => offered);
    if (names.join("/") !== offered.join("/")) {
      this.#select.replaceChildren(...names.map((name) => new Option(name)));
      this.#select.value = this.#map;
    }
    this.#row.hidden = names.length < 2;
    return names;
  }
}
