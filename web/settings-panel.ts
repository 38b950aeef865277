// The settings panel: the player's name and look, and the page's language.
import { byId, write } from "./elements.ts";
import { chooseLanguage, currentLanguage, LANGUAGES, type Language, onLanguage } from "./language.ts";
import { LookChooser } from "./look-chooser.ts";

/** The name and the look that a player chooses. */
export interface PlayerChoice {
  name?: string;
  look?: number;
}

export class SettingsPanel {
  readonly #name = byId("name", HTMLInputElement);
  readonly #nameError = byId("name-error", HTMLElement);
  readonly #look: LookChooser;
  #error = () => "";

  /** @param change is called with the new name or the new look that the player has chosen. */
  constructor(change: (choice: PlayerChoice) => void) {
    this.#look = new LookChooser((look) => change({ look }));
    const form = byId("name-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.showError(() => "");
      const name = this.#name.value.trim();
      if (name === "") return;
      change({ name });
      // If the field kept the focus, keys would write into it instead of moving the player.
      byId("game", HTMLElement).focus({ preventScroll: true });
    });
    const select = byId("language", HTMLSelectElement);
    for (const [tag, { ownName }] of Object.entries(LANGUAGES)) {
      const option = new Option(ownName, tag);
      option.lang = tag;
      select.append(option);
    }
    select.addEventListener("change", () => chooseLanguage(select.value as Language));
    onLanguage(() => {
      select.value = currentLanguage();
      this.#write();
    });
  }

  /** Shows the player's name and look, unless the player is changing them. */
  show({ name, look }: Required<PlayerChoice>): void {
    this.#look.show(look);
    if (document.activeElement !== this.#name) this.#name.value = name;
  }

  /** Shows an error about the name. An empty text removes the error. */
  showError(error: () => string): void {
    this.#error = error;
    this.#write();
  }

  #write(): void {
    const error = this.#error();
    write(this.#nameError, error);
    this.#name.setAttribute("aria-invalid", String(error !== ""));
  }
}
