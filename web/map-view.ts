// The map in the scene. It consists of parts. A part is painted when the camera comes near it, and discarded when the
// camera is far away again. So a map of any size and with any number of layers takes little memory, and a frame draws
// few pictures.
import type Phaser from "phaser";
import type { Ground } from "./ground.ts";
import { MapPainter } from "./map-painter.ts";
import { MapPart, PART, type PartPlace } from "./map-part.ts";

/**
 * Distances from the edges of the screen, measured in parts. A part within AHEAD is painted early. A part beyond KEPT
 * is discarded.
 */
const AHEAD = 1;
const KEPT = 2;

/** Maximum milliseconds per frame for painting parts outside the screen, and for repainting animated tiles. */
const BUDGET_MS = 4;

/** A range of parts, both ends included. */
interface Range {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A map in a scene. */
export class MapView {
  readonly ground: Ground;
  readonly #scene: Phaser.Scene;
  readonly #painter: MapPainter;
  /** The painted parts. A key consists of the column, the row, and whether the part is over the players. */
  readonly #parts = new Map<string, MapPart>();

  constructor(scene: Phaser.Scene, ground: Ground) {
    this.ground = ground;
    this.#scene = scene;
    this.#painter = new MapPainter(ground);
  }

  /**
   * Draws the map within a view.
   * @param view the part of the world that the screen shows, in units.
   * @param now the time in milliseconds, which determines the frames of animated tiles.
   */
  draw(view: { left: number; top: number; width: number; height: number }, now: number): void {
    const shown: Range = {
      left: Math.floor(view.left / PART),
      top: Math.floor(view.top / PART),
      right: Math.floor((view.left + view.width) / PART),
      bottom: Math.floor((view.top + view.height) / PART),
    };
    const visible = this.#placesIn(shown).map((place) => this.#partAt(place, now));
    const deadline = performance.now() + BUDGET_MS;
    // The part that has been overdue the longest comes first, so that every part is repainted eventually.
    const due = visible.filter(({ paintAt }) => paintAt <= now).sort((one, other) => one.paintAt - other.paintAt);
    for (const part of due) if (performance.now() < deadline) part.repaint(now);
    for (const place of this.#placesIn(grown(shown, AHEAD))) {
      if (performance.now() < deadline) this.#partAt(place, now);
    }
    this.#discardBeyond(grown(shown, KEPT));
  }

  /** Removes the map from the scene. */
  destroy(): void {
    for (const part of this.#parts.values()) part.destroy();
    this.#parts.clear();
  }

  /** Returns the places of all parts that are in a range and on the map. */
  #placesIn(range: Range): PartPlace[] {
    const { width, height } = this.ground.map;
    const places: PartPlace[] = [];
    for (let row = Math.max(0, range.top); row <= range.bottom && row * PART < height; row++) {
      for (let column = Math.max(0, range.left); column <= range.right && column * PART < width; column++) {
        places.push({ column, row, over: false }, { column, row, over: true });
      }
    }
    return places;
  }

  /** Returns the part at a place. Paints it if it does not exist. */
  #partAt(place: PartPlace, now: number): MapPart {
    const key = `${place.column} ${place.row} ${place.over}`;
    let part = this.#parts.get(key);
    if (!part) {
      part = new MapPart(this.#scene, this.#painter, this.ground.drawing, place, now);
      this.#parts.set(key, part);
    }
    return part;
  }

  #discardBeyond({ left, top, right, bottom }: Range): void {
    for (const [key, part] of this.#parts) {
      const { column, row } = part.place;
      if (column >= left && column <= right && row >= top && row <= bottom) continue;
      part.destroy();
      this.#parts.delete(key);
    }
  }
}

function grown({ left, top, right, bottom }: Range, by: number): Range {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}
