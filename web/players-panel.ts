// The players panel: the number of players in sight, and a list of the nearest ones.
import { byId, write } from "./elements.ts";
import { messages } from "./language.ts";
import { type Bearing, type Neighbour, nearest } from "./neighbours.ts";

/** Maximum number of players in the list. Further players are only counted. */
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
  item: HTMLElement;
  name: HTMLElement;
  /** Distance and direction in short, hidden from screen readers. */
  shortText: HTMLElement;
  /** Distance and direction in words, for screen readers only. */
  spokenText: HTMLElement;
}

export class PlayersPanel {
  readonly #panel = byId("players", HTMLDetailsElement);
  readonly #count = byId("count", HTMLElement);
  readonly #list = byId("near", HTMLElement);
  readonly #noPlayers = byId("no-players", HTMLElement);
  readonly #more = byId("more", HTMLElement);
  readonly #rows: Row[] = [];

  /** Shows the players nearest to `self`. The panel is not a live region, because it changes with every step. */
  show(own: string, self: { x: number; y: number }, players: Players): void {
    const { inSight, more } = messages();
    write(this.#count, inSight(players.size));
    if (!this.#panel.open) return;
    const near = nearest(own, self, players, MAX_ROWS);
    while (this.#rows.length < near.length) this.#rows.push(this.#addRow());
    for (const [index, row] of this.#rows.entries()) {
      const neighbour = near[index];
      row.item.hidden = !neighbour;
      if (neighbour) fill(row, neighbour);
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
    item.append(name, shortText, spokenText);
    this.#list.append(item);
    return { item, name, shortText, spokenText };
  }
}

function fill({ name, shortText, spokenText }: Row, neighbour: Neighbour): void {
  const { bearings, steps, stepsShort } = messages();
  write(name, neighbour.name);
  write(shortText, `${stepsShort(neighbour.steps)} ${ARROWS[neighbour.bearing]}`);
  const where = bearings[neighbour.bearing];
  write(spokenText, neighbour.bearing === "here" ? where : `${steps(neighbour.steps)}, ${where}`);
}
