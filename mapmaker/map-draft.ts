// A map while it is being made: three layers of named tiles, and the rules by which neighbours choose their tile.

import { CORNER, SIDE } from "./art/ground.ts";
import { CASTER } from "./art/overlay.ts";
import { hash } from "./art/random.ts";
import { hasTile, shoreTile, tileIndex, tiles } from "./tiles.ts";

/** From the bottom; only what stands in `walls` is solid. */
export const LAYERS = ["ground", "walls", "decor"] as const;
type Layer = (typeof LAYERS)[number];

export type Point = { x: number; y: number };

/** What is tall enough to throw a shade; trees and small things carry theirs in their picture. */
const CASTS_SHADE = /^(hedge|wall|roof|thatch|house|cottage|stall)-/;

/** Tiles that may stand for the one named. */
const ALIKE: Record<string, readonly string[]> = {
  "bed-15": ["bed-15", "grass-0", "grass-1", "grass-2", "grass-3", "grass-4", "grass-5"],
  "yard-15": ["yard-15", "dirt-0", "dirt-15"],
  "dirt-15": ["yard-15", "dirt-0", "dirt-15"],
  "lush-15": ["lush-0", "lush-15"],
};

export class MapDraft {
  readonly width: number;
  readonly height: number;
  /** Tile index + 1 by place, row by row; 0 where there is nothing. */
  readonly layers: Record<Layer, number[]>;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const empty = (): number[] => new Array<number>(width * height).fill(0);
    this.layers = { ground: empty(), walls: empty(), decor: empty() };
  }

  put(layer: Layer, x: number, y: number, name: string): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) throw new Error(`${name} at ${x}, ${y} is off the map.`);
    this.layers[layer][y * this.width + x] = tileIndex(name) + 1;
  }

  /** The name of the tile at a place, or "" where there is none. */
  nameAt(layer: Layer, x: number, y: number): string {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return "";
    return tiles[(this.layers[layer][y * this.width + x] ?? 0) - 1]?.name ?? "";
  }

  isOpen(x: number, y: number): boolean {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return false;
    return this.layers.walls[y * this.width + x] === 0;
  }

  /** Whether a rectangle lies on the map and nothing solid or decorative stands in it. */
  isFree(left: number, top: number, width: number, height: number): boolean {
    return rectangle(left, top, width, height).every(
      ({ x, y }) => this.isOpen(x, y) && this.nameAt("decor", x, y) === "",
    );
  }

  /** Lays a picture of several tiles into one layer. */
  stamp(layer: Layer, left: number, top: number, name: string, width: number, height: number): void {
    for (const { x, y } of rectangle(0, 0, width, height)) {
      if (hasTile(`${name}-${x}-${y}`)) this.put(layer, left + x, top + y, `${name}-${x}-${y}`);
    }
  }

  /** Lays tiles that are numbered by the sides on which their like goes on. */
  connect(layer: Layer, name: string, places: readonly Point[]): void {
    const has = membership(places);
    for (const { x, y } of places) {
      const sides =
        (has(x, y - 1) ? SIDE.top : 0) |
        (has(x + 1, y) ? SIDE.right : 0) |
        (has(x, y + 1) ? SIDE.bottom : 0) |
        (has(x - 1, y) ? SIDE.left : 0);
      this.put(layer, x, y, `${name}-${sides}`);
    }
  }

  /** Lays a terrain over grass; `covers` is asked for the corners of tiles. */
  spread(name: string, covers: (x: number, y: number) => boolean): void {
    for (const { x, y } of rectangle(0, 0, this.width, this.height)) {
      const corners =
        (covers(x, y) ? CORNER.topLeft : 0) |
        (covers(x + 1, y) ? CORNER.topRight : 0) |
        (covers(x + 1, y + 1) ? CORNER.bottomRight : 0) |
        (covers(x, y + 1) ? CORNER.bottomLeft : 0);
      if (corners > 0) this.put("ground", x, y, `${name}-${corners}`);
    }
  }

  /** Fills places with water and gives it its shore. */
  flood(kind: "pond" | "basin", places: readonly Point[]): void {
    const has = membership(places);
    for (const { x, y } of places) {
      this.put(
        "walls",
        x,
        y,
        shoreTile(kind, (column, row) => has(x + column, y + row)),
      );
    }
  }

  /** A tree: its trunk is solid, its crown hangs over the ground around. */
  plant(kind: "tree" | "cherry" | "pine", x: number, y: number): void {
    this.stamp("decor", x - 1, y - 2, kind, 3, 3);
    this.layers.decor[y * this.width + x] = 0;
    this.put("walls", x, y, `${kind}-1-2`);
  }

  /** A thing one tile wide and two high: its foot is solid, its head hangs over the tile behind. */
  raise(kind: "column" | "lantern", x: number, y: number): void {
    this.put("walls", x, y, `${kind}-0-1`);
    this.put("decor", x, y - 1, `${kind}-0-0`);
  }

  /** Exchanges tiles for others of their kind, so that no pattern shows on a wide ground. */
  varyGround(): void {
    for (const { x, y } of rectangle(0, 0, this.width, this.height)) {
      const alike = ALIKE[this.nameAt("ground", x, y)] ?? [];
      const name = alike[Math.floor(hash(x, y, 2) * alike.length)];
      if (name) this.put("ground", x, y, name);
    }
  }

  /** Strews petals on the ground around each cherry, fewer the farther away. */
  dropPetals(): void {
    const reach = 4;
    for (const trunk of rectangle(0, 0, this.width, this.height)) {
      if (this.nameAt("walls", trunk.x, trunk.y) !== "cherry-1-2") continue;
      for (const { x, y } of rectangle(trunk.x - reach, trunk.y - reach, 2 * reach + 1, 2 * reach + 1)) {
        const fallen = hash(x, y, 1) * 1.1 - Math.hypot(x - trunk.x, y - trunk.y + 1) / reach;
        if (fallen > -0.35 && this.isFree(x, y, 1, 1)) {
          this.put("decor", x, y, `petals-${fallen > 0.1 ? 2 : fallen > -0.1 ? 1 : 0}`);
        }
      }
    }
  }

  /** Lays the shade of everything tall on the open ground to its right and below. */
  castShade(): void {
    const casts = (x: number, y: number): boolean => CASTS_SHADE.test(this.nameAt("walls", x, y));
    for (const { x, y } of rectangle(0, 0, this.width, this.height)) {
      if (!this.isFree(x, y, 1, 1)) continue;
      const casters =
        (casts(x - 1, y) ? CASTER.left : 0) |
        (casts(x, y - 1) ? CASTER.top : 0) |
        (casts(x - 1, y - 1) ? CASTER.topLeft : 0);
      if (casters > 0) this.put("decor", x, y, `shade-${casters}`);
    }
  }
}

function membership(places: readonly Point[]): (x: number, y: number) => boolean {
  const keys = new Set(places.map(({ x, y }) => `${x} ${y}`));
  return (x, y) => keys.has(`${x} ${y}`);
}

/** The places of a rectangle, row by row. */
export function rectangle(left: number, top: number, width: number, height: number): Point[] {
  return Array.from({ length: width * height }, (_, i) => ({ x: left + (i % width), y: top + Math.floor(i / width) }));
}
