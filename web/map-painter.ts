// Paints any part of a map on a canvas, in pixels of the map.
import { CELL, TILE } from "../sim/rules.ts";
import type { Area } from "../tiled/model.ts";
import type { Ground } from "./ground.ts";
import { PaintedLayer } from "./painted-layer.ts";
import { isPlain, OPEN, SOLID } from "./plain.ts";
import { momentOf, stamp } from "./stamp.ts";

/** The result of painting a part of a map. */
export interface Painting {
  readonly isEmpty: boolean;
  /** The time at which the first animated tile changes, in milliseconds; infinite if no tile is animated. */
  readonly until: number;
}

/** Paints one map. */
export class MapPainter {
  readonly #ground: Ground;
  readonly #layers: readonly PaintedLayer[];
  /** Whether ground and walls are painted in plain colours, because pictures are missing. */
  readonly #isPlain: boolean;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#layers = ground.drawing.layers.map((layer) => new PaintedLayer(layer, ground));
    this.#isPlain = isPlain(ground);
  }

  /**
   * Paints the part of the map in an area.
   * @param over whether to paint the layers that are over the players; otherwise paints those below the players.
   * @param now the time in milliseconds, which determines the frames of animated tiles.
   */
  paint(context: CanvasRenderingContext2D, area: Area, over: boolean, now: number): Painting {
    const { background } = this.#ground.drawing;
    let isEmpty = over || (background === undefined && !this.#isPlain);
    let until = Number.POSITIVE_INFINITY;
    context.save();
    if (!over && background !== undefined) fill(context, background, area);
    if (!over && this.#isPlain) this.#paintOpenGround(context, area);
    for (const layer of this.#layers) {
      if (layer.over !== over) continue;
      for (const { tile, opacity, rotation, place } of layer.within(area)) {
        const moment = momentOf(tile, now);
        until = Math.min(until, moment.until);
        const picture = layer.pictures[moment.frame.image];
        if (!picture) continue;
        context.globalAlpha = opacity;
        stamp(context, picture, tile, moment.frame, place(moment.frame, picture), rotation);
        isEmpty = false;
      }
    }
    context.globalAlpha = 1;
    if (!over && this.#isPlain) this.#paintWalls(context, area);
    context.restore();
    return { isEmpty, until };
  }

  #paintOpenGround(context: CanvasRenderingContext2D, area: Area): void {
    const { tileWidth, tileHeight } = this.#ground.drawing;
    fill(context, OPEN[0], area);
    eachCell(area, tileWidth, tileHeight, (column, row, cell) => {
      if ((column + row) % 2 !== 0) fill(context, OPEN[1], cell);
    });
  }

  #paintWalls(context: CanvasRenderingContext2D, area: Area): void {
    const { drawing, map } = this.#ground;
    const [red, green, blue, opacity] = SOLID;
    const color = `rgb(${red} ${green} ${blue} / ${opacity / 255})`;
    const [width, height] = [(drawing.tileWidth * CELL) / TILE, (drawing.tileHeight * CELL) / TILE];
    eachCell(area, width, height, (column, row, cell) => {
      if (map.isSolid(column, row)) fill(context, color, cell);
    });
  }
}

function fill(context: CanvasRenderingContext2D, color: string, { x, y, width, height }: Area): void {
  context.fillStyle = color;
  context.fillRect(x, y, width, height);
}

/** Calls `visit` with each grid cell that an area touches. */
function eachCell(
  area: Area,
  width: number,
  height: number,
  visit: (column: number, row: number, cell: Area) => void,
): void {
  for (let row = Math.floor(area.y / height); row * height < area.y + area.height; row++) {
    for (let column = Math.floor(area.x / width); column * width < area.x + area.width; column++) {
      visit(column, row, { x: column * width, y: row * height, width, height });
    }
  }
}
