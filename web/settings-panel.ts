// The settings panel: the player's name and the page's language.
import { byId, write } from "./elements.ts";
import { chooseLanguage, currentLanguage, LANGUAGES, type Language, onLanguage } from "./language.ts";

export class SettingsPanel {
  readonly #name = byId("name", HTMLInputElement);
  readonly #nameError = byId("name-error", HTMLElement);
  #error = () => "";

  /** @param rename is called with the new name that the player has entered. */
  constructor(rename: (name: string) => void) {
    const form = byId("name-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.showError(() => "");
      const name = this.#name.value.trim();
      if (name !== "") rename(name);
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

  /** Shows the player's name, unless the player is editing it. */
  show(name: string): void {
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
