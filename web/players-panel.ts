// The players panel: the number of players in sight, and a list of the nearest ones, each with a mute button.
import { byId, write } from "./elements.ts";
import { messages } from "./language.ts";
import type { MutedPlayers } from "./muted-players.ts";
import { type Bearing, type Neighbour, nearest } from "./neighbours.ts";

/** Maximum number of players in the list. The other players are only counted. */
const MAX_ROWS = 12;

const ARROWS: Record<Bearing, string> = {
  right: "→",
  downRight: "↘",
  down: "↓",
  downLeft: "↙",
  left: "←",
  upLeft: "↖",
  up: "↑",
  upRight: "↗",
  here: "•",
};

type Players = ReadonlyMap<string, { name: string; x: number; y: number }>;

/** A row of the list. Rows are reused for other players. */
interface Row {
  /** The player in the row. */
  id: string;
  item: HTMLElement;
  name: HTMLElement;
  /** Distance and direction in a short form, which is hidden from screen readers. */
  shortText: HTMLElement;
  /** Distance and direction in words, for screen readers only. */
  spokenText: HTMLElement;
  mute: HTMLButtonElement;
}

export class PlayersPanel {
  readonly #panel = byId("players", HTMLDetailsElement);
  readonly #count = byId("count", HTMLElement);
  readonly #list = byId("near", HTMLElement);
  readonly #noPlayers = byId("no-players", HTMLElement);
  readonly #more = byId("more", HTMLElement);
  readonly #speaker = byId("speaker", HTMLTemplateElement);
  readonly #rows: Row[] = [];
  readonly #muted: MutedPlayers;
  /** Whether a mouse pointer is over the list, or a finger touches the list. */
  #isPointedAt = false;
  readonly #toggleMute: (id: string) => void;

  /** @param toggleMute is called with the player whose button was pressed. */
  constructor(muted: MutedPlayers, toggleMute: (id: string) => void) {
    this.#muted = muted;
    this.#toggleMute = toggleMute;
    this.#list.addEventListener("pointerenter", () => {
      this.#isPointedAt = true;
    });
    this.#list.addEventListener("pointerleave", () => {
      this.#isPointedAt = false;
    });
  }

  /** Shows the players nearest to `self`. The panel is not a live region, because it changes with every step. */
  show(own: string, self: { x: number; y: number }, players: Players): void {
    const { inSight, more } = messages();
    write(this.#count, inSight(players.size - 1));
    // While the user may be about to press a button, the rows do not change. So the button mutes the intended player.
    if (!this.#panel.open || this.#isPointedAt || this.#list.matches(":has(:focus-visible)")) return;
    const near = nearest(own, self, players, MAX_ROWS);
    while (this.#rows.length < near.length) this.#rows.push(this.#addRow());
    for (const [index, row] of this.#rows.entries()) {
      const neighbour = near[index];
      row.item.hidden = !neighbour;
      if (neighbour) fill(row, neighbour, this.#muted.has(neighbour.id));
    }
    const others = players.size - 1 - near.length;
    this.#list.hidden = near.length === 0;
    this.#noPlayers.hidden = near.length > 0;
    this.#more.hidden = others <= 0;
    if (others > 0) write(this.#more, more(others));
  }

  #addRow(): Row {
    const item = document.createElement("li");
    const [name, shortText, spokenText] = ["bdi", "span", "span"].map((tag) => document.createElement(tag)) as [
      HTMLElement,
      HTMLElement,
      HTMLElement,
    ];
    shortText.ariaHidden = "true";
    shortText.className = "way";
    spokenText.className = "visually-hidden";
    const mute = document.createElement("button");
    mute.type = "button";
    mute.className = "mute";
    mute.append(this.#speaker.content.cloneNode(true));
    item.append(name, shortText, spokenText, mute);
    this.#list.append(item);
    const row = { id: "", item, name, shortText, spokenText, mute };
    mute.addEventListener("click", () => {
      this.#toggleMute(row.id);
      showMute(row, this.#muted.has(row.id));
    });
    return row;
  }
}

/** Shows in a row whether its player is muted. */
function showMute({ mute, name }: Row, isMuted: boolean): void {
  mute.ariaPressed = String(isMuted);
  mute.ariaLabel = messages().mute(name.textContent);
}

function fill(row: Row, neighbour: Neighbour, isMuted: boolean): void {
  const { name, shortText, spokenText } = row;
  row.id = neighbour.id;
  const { bearings, steps, stepsShort } = messages();
  write(name, neighbour.name);
  showMute(row, isMuted);
  write(shortText, `${stepsShort(neighbour.steps)} ${ARROWS[neighbour.bearing]}`);
  const where = bearings[neighbour.bearing];
  write(spokenText, neighbour.bearing === "here" ? where : `${steps(neighbour.steps)}, ${where}`);
}
