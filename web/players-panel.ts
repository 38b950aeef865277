// The players panel: how many are in sight, and who of them is nearest.
import { byId, write } from "./elements.ts";
import { messages } from "./language.ts";
import { type Bearing, type Neighbour, nearest } from "./neighbours.ts";

/** Names in the list. Beyond it there is a number. */
const MOST = 12;

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

type Places = ReadonlyMap<string, { name: string; x: number; y: number }>;

/** A line of the list; it stays while players come and go through it. */
interface Row {
  item: HTMLElement;
  name: HTMLElement;
  /** For the eye, and for who hears it. */
  seen: HTMLElement;
  heard: HTMLElement;
}

export class PlayersPanel {
  readonly #panel = byId("players", HTMLDetailsElement);
  readonly #count = byId("count", HTMLElement);
  readonly #list = byId("near", HTMLElement);
  readonly #nobody = byId("nobody", HTMLElement);
  readonly #more = byId("more", HTMLElement);
  readonly #rows: Row[] = [];

  /** Shows who of `players` is near `self`. It is no live region: it changes with every step. */
  show(own: string, self: { x: number; y: number }, players: Places): void {
    const { inSight, more } = messages();
    write(this.#count, inSight(players.size));
    if (!this.#panel.open) return;
    const near = nearest(own, self, players, MOST);
    while (this.#rows.length < near.length) this.#rows.push(this.#addRow());
    for (const [index, row] of this.#rows.entries()) {
      const neighbour = near[index];
      row.item.hidden = !neighbour;
      if (neighbour) fill(row, neighbour);
    }
    const others = players.size - 1 - near.length;
    this.#list.hidden = near.length === 0;
    this.#nobody.hidden = near.length > 0;
    this.#more.hidden = others <= 0;
    if (others > 0) write(this.#more, more(others));
  }

  #addRow(): Row {
    const item = document.createElement("li");
    const [name, seen, heard] = ["bdi", "span", "span"].map((tag) => document.createElement(tag)) as [
      HTMLElement,
      HTMLElement,
      HTMLElement,
    ];
    seen.ariaHidden = "true";
    seen.className = "way";
    heard.className = "heard";
    item.append(name, seen, heard);
    this.#list.append(item);
    return { item, name, seen, heard };
  }
}

function fill({ name, seen, heard }: Row, neighbour: Neighbour): void {
  const { bearings, steps, stepsShort } = messages();
  write(name, neighbour.name);
  write(seen, `${stepsShort(neighbour.steps)} ${ARROWS[neighbour.bearing]}`);
  const where = bearings[neighbour.bearing];
  write(heard, neighbour.bearing === "here" ? where : `${steps(neighbour.steps)}, ${where}`);
}
