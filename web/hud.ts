// The words over the game: who is here, how far away the server is, and what is wrong.
import { byId, write } from "./elements.ts";
import { messages, onLanguage } from "./language.ts";

const BACK_MS = 1600;

/** Steps after which nobody needs to be told how to walk any more. */
const STEPS_LEARNT = 6;

/** What the status line tells. */
export interface Status {
  /** How many players are in sight, the own one included; how many there are in all no client is told. */
  players: number;
  /** Milliseconds; 0 while it is not known. */
  roundTrip: number;
  map: string;
}

/** A button that helps. */
interface Help {
  label: () => string;
  accept: () => void;
}

/** The page's text. */
export class Hud {
  readonly #status = byId("status-text", HTMLElement);
  readonly #map = byId("status-map", HTMLElement);
  readonly #banner = byId("banner", HTMLElement);
  readonly #sentence = byId("banner-text", HTMLElement);
  readonly #button = byId("banner-button", HTMLButtonElement);
  readonly #hint = byId("hint", HTMLElement);
  #say = () => "";
  #help: Help | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #steps = 0;

  constructor() {
    onLanguage(() => this.#write());
    this.#button.onclick = () => this.#help?.accept();
  }

  /** Updates the status line. It is no live region: a screen reader that reads out numbers is no help. */
  showStatus({ players, roundTrip, map }: Status): void {
    const { inSight, milliseconds } = messages();
    const parts = [inSight(players), ...(roundTrip > 0 ? [milliseconds(roundTrip)] : [])];
    write(this.#status, parts.join(" · "));
    write(this.#map, ` · ${map}`);
  }

  /** Says that the game stands still, and why, until `back`. With a `help`, nothing goes on before it is accepted. */
  apart(say: () => string, help?: Help): void {
    document.body.classList.add("apart");
    this.#show(say, help);
    // Who was waiting at the keyboard can go on there.
    if (help) this.#button.focus({ preventScroll: true });
  }

  /** Says that the game goes on, for those who were told that it does not. */
  back(): void {
    if (!document.body.classList.contains("apart")) return;
    document.body.classList.remove("apart");
    this.#show(() => messages().back);
    this.#timer = setTimeout(() => this.#banner.classList.remove("shown"), BACK_MS);
  }

  /** Counts a step of the player, who by and by knows how to walk. */
  stepped(): void {
    if (++this.#steps === STEPS_LEARNT) this.#hint.classList.add("done");
  }

  #show(say: () => string, help?: Help): void {
    clearTimeout(this.#timer);
    this.#say = say;
    this.#help = help;
    this.#write();
    this.#banner.classList.add("shown");
  }

  #write(): void {
    const sentence = this.#say();
    write(this.#sentence, sentence);
    write(this.#button, this.#help?.label() ?? "");
    this.#button.hidden = !this.#help;
    this.#banner.classList.toggle("long", sentence.length > 40 || this.#help !== undefined);
  }
}
