// The text over the game: the status line, the banner with connection problems, and the hint about walking.
import { byId, write } from "./elements.ts";
import { messages, onLanguage } from "./language.ts";

/** Milliseconds for which the banner shows that the page is connected again. */
const CONNECTED_MS = 1600;

/** Milliseconds for which the banner shows a notice. */
const NOTICE_MS = 6000;

/** Steps after which the hint about walking disappears. */
const HINT_STEPS = 6;

/** Contents of the status line. */
export interface Status {
  /** Other players in sight, if known. The server does not send clients the total number of players. */
  others: number | undefined;
  /** The latency of the connection, as text; empty while it is unknown. */
  latency: string;
  map: string;
}

/** A button of the banner. */
export interface Action {
  label: () => string;
  run: () => void;
}

/** A link in the banner that leads to a map. */
export interface MapLink {
  map: string;
  href: string;
}

/** The text over the game. */
export class Hud {
  readonly #status = byId("status-text", HTMLElement);
  readonly #map = byId("status-map", HTMLElement);
  readonly #banner = byId("banner", HTMLElement);
  readonly #bannerText = byId("banner-text", HTMLElement);
  readonly #buttons = ["banner-button", "banner-other"].map((id) => byId(id, HTMLButtonElement));
  readonly #maps = byId("banner-maps", HTMLElement);
  readonly #hint = byId("hint", HTMLElement);
  #message = () => "";
  #actions: readonly Action[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #steps = 0;

  constructor() {
    onLanguage(() => this.#write());
    for (const [index, button] of this.#buttons.entries()) button.onclick = () => this.#actions[index]?.run();
  }

  /** Updates the status line. It is not a live region, so that screen readers do not read out every new number. */
  showStatus({ others, latency, map }: Status): void {
    const parts = [others === undefined ? "" : messages().inSight(others), latency];
    write(this.#status, parts.filter(Boolean).join(" · "));
    write(this.#map, ` · ${map}`);
  }

  /** Shows why the page is not in a room, until `showConnected`. The banner has a button for each action, up to two. */
  showDisconnected(message: () => string, ...actions: Action[]): void {
    document.body.classList.add("disconnected");
    this.#show(message, actions);
    // The first button gets the focus, so that keyboard users can press it right away.
    if (actions.length > 0) this.#buttons[0]!.focus({ preventScroll: true });
  }

  /** Adds links to maps below a message, if the banner still shows this message. The first link gets the focus. */
  offerMaps(message: () => string, links: readonly MapLink[]): void {
    if (message !== this.#message || links.length === 0) return;
    const elements = links.map(({ map, href }) =>
      Object.assign(document.createElement("a"), { href, textContent: map }),
    );
    this.#maps.replaceChildren(...elements);
    this.#maps.hidden = false;
    this.#write();
    elements[0]!.focus({ preventScroll: true });
  }

  /** Shows for CONNECTED_MS that the page is connected again, if the banner shows a problem with the connection. */
  showConnected(): void {
    if (!document.body.classList.contains("disconnected")) return;
    document.body.classList.remove("disconnected");
    this.#showFor(CONNECTED_MS, () => messages().connected);
  }

  /** Shows a message for NOTICE_MS. Call this only while the page is in a room. */
  showNotice(message: () => string): void {
    this.#showFor(NOTICE_MS, message);
  }

  /** Counts a step of the player. After HINT_STEPS steps, the hint about walking disappears. */
  stepped(): void {
    if (++this.#steps === HINT_STEPS) this.#hint.classList.add("done");
  }

  #showFor(milliseconds: number, message: () => string): void {
    this.#show(message, []);
    this.#timer = setTimeout(() => this.#banner.classList.remove("shown"), milliseconds);
  }

  #show(message: () => string, actions: readonly Action[]): void {
    clearTimeout(this.#timer);
    this.#message = message;
    this.#actions = actions;
    this.#maps.hidden = true;
    this.#write();
    this.#banner.classList.add("shown");
  }

  #write(): void {
    const text = this.#message();
    write(this.#bannerText, text);
    for (const [index, button] of this.#buttons.entries()) {
      const action = this.#actions[index];
      write(button, action?.label() ?? "");
      button.hidden = !action;
    }
    this.#banner.classList.toggle("long", text.length > 40 || this.#actions.length > 0 || !this.#maps.hidden);
  }
}
