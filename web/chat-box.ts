// The box in which the user writes to the players in sight, and the button with which the user waves to them. Enter
// opens the box, and Escape closes it. While the box is closed, the keys move the player.
import { byId, write } from "./elements.ts";
import { onLanguage } from "./language.ts";

/** The key with which the user waves, by its position on the keyboard. Its letter depends on the keyboard layout. */
const WAVE_KEY = "KeyE";

/** Callbacks of the chat box. */
export interface ChatBoxEvents {
  /** Sends a text to the room. @returns false if the page is not in a room. The box then keeps the text. */
  say(text: string): boolean;
  wave(): void;
  /** Called when the box opens. From then on, keys that are still held must not move the player. */
  opened(): void;
}

/** The chat box. */
export class ChatBox {
  readonly #game = byId("game", HTMLElement);
  readonly #open = byId("say-open", HTMLButtonElement);
  readonly #form = byId("say-form", HTMLFormElement);
  readonly #text = byId("say-text", HTMLInputElement);
  readonly #errorText = byId("say-error", HTMLElement);
  readonly #events: ChatBoxEvents;
  #error = () => "";

  constructor(events: ChatBoxEvents) {
    this.#events = events;
    this.#open.addEventListener("click", () => this.#toggle(this.#form.hidden === true));
    byId("wave", HTMLButtonElement).addEventListener("click", () => {
      this.#wave();
      this.#focusGame();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("keydown", (event) => {
      // While an input method composes a character, Escape cancels the character.
      if (event.key === "Escape" && !event.isComposing) this.#toggle(false);
    });
    this.#form.addEventListener("focusout", ({ relatedTarget }) => {
      const isInside = relatedTarget instanceof Node && this.#form.contains(relatedTarget);
      if (!isInside && this.#text.value === "") this.#show(false);
    });
    addEventListener("keydown", (event) => this.#keyDown(event));
    onLanguage(() => write(this.#errorText, this.#error()));
  }

  /**
   * Shows why the server has refused a text or a wave.
   * @param text the refused text, which the user can edit and send again; undefined for a wave.
   */
  refused(error: () => string, text?: string): void {
    this.#showError(error);
    if (text === undefined || this.#text.value !== "") return;
    this.#toggle(true);
    this.#text.value = text;
  }

  #submit(): void {
    this.#showError(() => "");
    const text = this.#text.value.trim();
    if (text !== "" && !this.#events.say(text)) return;
    this.#text.value = "";
    this.#toggle(false);
  }

  #wave(): void {
    this.#showError(() => "");
    this.#events.wave();
  }

  #keyDown(event: KeyboardEvent): void {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    // While another element has the focus, Enter may press a button, and WAVE_KEY may write a letter.
    if (event.target !== document.body && event.target !== this.#game) return;
    if (event.code === WAVE_KEY) this.#wave();
    else if (event.key === "Enter") this.#toggle(true);
    else return;
    event.preventDefault();
  }

  /** Opens the box and gives it the focus, or closes it and gives the focus back to the game. */
  #toggle(isOpen: boolean): void {
    this.#show(isOpen);
    if (isOpen) {
      this.#events.opened();
      this.#text.focus({ preventScroll: true });
    } else this.#focusGame();
  }

  #show(isOpen: boolean): void {
    this.#form.hidden = !isOpen;
    this.#open.ariaExpanded = String(isOpen);
  }

  #focusGame(): void {
    this.#game.focus({ preventScroll: true });
  }

  #showError(error: () => string): void {
    this.#error = error;
    write(this.#errorText, error());
  }
}
