// The settings panel: one's name, and the page's language.
import { byId, write } from "./elements.ts";
import { choose, currentLanguage, LANGUAGES, type Language, onLanguage } from "./language.ts";

export class SettingsPanel {
  readonly #name = byId("name", HTMLInputElement);
  readonly #fault = byId("name-fault", HTMLElement);
  #say = () => "";

  /** @param rename is called with the name that the player wants to have. */
  constructor(rename: (name: string) => void) {
    const form = byId("name-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.explain(() => "");
      const name = this.#name.value.trim();
      if (name !== "") rename(name);
    });
    const select = byId("language", HTMLSelectElement);
    for (const [tag, { ownName }] of Object.entries(LANGUAGES)) {
      const option = new Option(ownName, tag);
      option.lang = tag;
      select.append(option);
    }
    select.addEventListener("change", () => choose(select.value as Language));
    onLanguage(() => {
      select.value = currentLanguage();
      this.#write();
    });
  }

  /** Shows the name that the player has, unless another one is being written. */
  show(name: string): void {
    if (document.activeElement !== this.#name) this.#name.value = name;
  }

  /** Says what is wrong with a name. */
  explain(say: () => string): void {
    this.#say = say;
    this.#write();
  }

  #write(): void {
    const fault = this.#say();
    write(this.#fault, fault);
    this.#name.setAttribute("aria-invalid", String(fault !== ""));
  }
}
