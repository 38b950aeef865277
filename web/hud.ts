// The words over the game: who is here, how far away the server is, and what is wrong.

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

/** The page's text. */
export class Hud {
  readonly #status = byId("status");
  readonly #banner = byId("banner");
  readonly #hint = byId("hint");
  #timer: ReturnType<typeof setTimeout> | undefined;
  #steps = 0;

  /** Updates the status line. It is no live region: a screen reader that reads out numbers is no help. */
  showStatus({ players, roundTrip, map }: Status): void {
    const parts = [`${players} in sight`, ...(roundTrip > 0 ? [`${roundTrip} ms`] : []), map];
    const text = parts.join(" · ");
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }

  /** Says that the game stands still, and why, until `back`. */
  apart(sentence: string): void {
    clearTimeout(this.#timer);
    document.body.classList.add("apart");
    this.#banner.textContent = sentence;
    this.#banner.classList.toggle("long", sentence.length > 48);
    this.#banner.classList.add("shown");
  }

  /** Says that the game stands still until the player does something about it, and offers what. */
  offer(sentence: string, label: string, accept: () => void): void {
    this.apart(sentence);
    const button = document.createElement("button");
    button.textContent = label;
    button.onclick = () => {
      button.remove();
      accept();
    };
    this.#banner.append(" ", button);
  }

  /** Says that the game goes on, for those who were told that it does not. */
  back(): void {
    if (!document.body.classList.contains("apart")) return;
    this.apart("back");
    document.body.classList.remove("apart");
    this.#timer = setTimeout(() => this.#banner.classList.remove("shown"), BACK_MS);
  }

  /** Counts a step of the player, who by and by knows how to walk. */
  stepped(): void {
    if (++this.#steps === STEPS_LEARNT) this.#hint.classList.add("done");
  }
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}
