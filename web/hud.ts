// The text over the game: the status line, the banner with connection problems, and the hint about walking.
import { byId, write } from "./elements.ts";
import { messages, onLanguage } from "./language.ts";

/** Milliseconds for which the banner shows that the page is connected again. */
const CONNECTED_MS = 1600;

/** Steps after which the hint about walking disappears. */
const HINT_STEPS = 6;

/** Contents of the status line. */
export interface Status {
  /** Players in sight, including the own one. The server does not send clients the total. */
  players: number;
  /** The round trip in milliseconds; 0 while it is unknown. */
  roundTrip: number;
  map: string;
}

/** The button of the banner. */
interface Action {
  label: () => string;
  run: () => void;
}

/** The text over the game. */
export class Hud {
  readonly #status = byId("status-text", HTMLElement);
  readonly #map = byId("status-map", HTMLElement);
  readonly #banner = byId("banner", HTMLElement);
  readonly #bannerText = byId("banner-text", HTMLElement);
  readonly #button = byId("banner-button", HTMLButtonElement);
  readonly #hint = byId("hint", HTMLElement);
  #message = () => "";
  #action: Action | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #steps = 0;

  constructor() {
    onLanguage(() => this.#write());
    this.#button.onclick = () => this.#action?.run();
  }

  /** Updates the status line. It is not a live region, so that screen readers do not read out every new number. */
  showStatus({ players, roundTrip, map }: Status): void {
    const { inSight, milliseconds } = messages();
    const parts = [inSight(players), ...(roundTrip > 0 ? [milliseconds(roundTrip)] : [])];
    write(this.#status, parts.join(" · "));
    write(this.#map, ` · ${map}`);
  }

  /** Shows why the page is not in a room, until `showConnected`. If an `action` is given, the banner has a button. */
  showDisconnected(message: () => string, action?: Action): void {
    document.body.classList.add("disconnected");
    this.#show(message, action);
    // The button gets the focus, so that keyboard users can press it right away.
    if (action) this.#button.focus({ preventScroll: true });
  }

  /** Shows for a moment that the page is connected, if it was shown as disconnected. */
  showConnected(): void {
    if (!document.body.classList.contains("disconnected")) return;
    document.body.classList.remove("disconnected");
    this.#show(() => messages().connected);
    this.#timer = setTimeout(() => this.#banner.classList.remove("shown"), CONNECTED_MS);
  }

  /** Counts a step of the player. After HINT_STEPS steps, the hint about walking disappears. */
  stepped(): void {
    if (++this.#steps === HINT_STEPS) this.#hint.classList.add("done");
  }

  #show(message: () => string, action?: Action): void {
    clearTimeout(this.#timer);
    this.#message = message;
    this.#action = action;
    this.#write();
    this.#banner.classList.add("shown");
  }

  #write(): void {
    const text = this.#message();
    write(this.#bannerText, text);
    write(this.#button, this.#action?.label() ?? "");
    this.#button.hidden = !this.#action;
    this.#banner.classList.toggle("long", text.length > 40 || this.#action !== undefined);
  }
}
