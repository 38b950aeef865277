// A map under construction: three layers of named tiles, and the rules that choose tiles by their neighbours.

import { CORNER, SIDE } from "./art/ground.ts";
import { CASTER } from "./art/overlay.ts";
import { hash } from "./art/random.ts";
import { hasTile, shoreTile, tileIndex, tiles } from "./tiles.ts";

/** The tile layers from the bottom to the top. Only tiles in `walls` are solid. */
export const LAYERS = ["ground", "walls", "decor"] as const;
type Layer = (typeof LAYERS)[number];

export type Point = { x: number; y: number };

/** The tiles whose shade `castShade` draws. The images of trees and small objects already include their shade. */
const CASTS_SHADE = /^(hedge|wall|roof|thatch|house|cottage|stall)-/;

/** The tiles from which `varyGround` chooses a replacement, by the name of the replaced tile. */
const ALIKE: Record<string, readonly string[]> = {
  "bed-15": ["bed-15", "grass-0", "grass-1", "grass-2", "grass-3", "grass-4", "grass-5"],
  "yard-15": ["yard-15", "dirt-0", "dirt-15"],
  "dirt-15": ["yard-15", "dirt-0", "dirt-15"],
  "lush-15": ["lush-0", "lush-15"],
};

/** A map under construction. Positions are in tiles. */
export class MapDraft {
  readonly width: number;
  readonly height: number;
  /** The tile index + 1 of each position, row by row; 0 for no tile. */
  readonly layers: Record<Layer, number[]>;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const empty = (): number[] => new Array<number>(width * height).fill(0);
    this.layers = { ground: empty(), walls: empty(), decor: empty() };
  }

  /**
   * Sets the tile at a position.
   * @throws {Error} if the position is outside the map.
   */
  put(layer: Layer, x: number, y: number, name: string): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height)
      throw new Error(`${name} at ${x}, ${y} is outside the map.`);
    this.layers[layer][y * this.width + x] = tileIndex(name) + 1;
  }

  /** Returns the name of the tile at a position; "" for no tile. */
  nameAt(layer: Layer, x: number, y: number): string {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return "";
    return tiles[(this.layers[layer][y * this.width + x] ?? 0) - 1]?.name ?? "";
  }

  /** Whether a position is on the map and not solid. */
  isOpen(x: number, y: number): boolean {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return false;
    return this.layers.walls[y * this.width + x] === 0;
  }

  /** Whether a rectangle is on the map and contains neither solid nor decorative tiles. */
  isFree(left: number, top: number, width: number, height: number): boolean {
    return rectangle(left, top, width, height).every(
      ({ x, y }) => this.isOpen(x, y) && this.nameAt("decor", x, y) === "",
    );
  }

  /** Places an image of several tiles in one layer. */
  stamp(layer: Layer, left: number, top: number, name: string, width: number, height: number): void {
    for (const { x, y } of rectangle(0, 0, width, height)) {
      if (hasTile(`${name}-${x}-${y}`)) this.put(layer, left + x, top + y, `${name}-${x}-${y}`);
    }
  }

  /**
   * Places tiles of one kind. The number in a tile's name has a bit for each side. A set bit means that another tile of
   * this kind adjoins on this side.
   */
  connect(layer: Layer, name: string, positions: readonly Point[]): void {
    const has = membershipOf(positions);
    for (const { x, y } of positions) {
      const sides =
        (has(x, y - 1) ? SIDE.top : 0) |
        (has(x + 1, y) ? SIDE.right : 0) |
        (has(x, y + 1) ? SIDE.bottom : 0) |
        (has(x - 1, y) ? SIDE.left : 0);
      this.put(layer, x, y, `${name}-${sides}`);
    }
  }

  /**
   * Places a terrain over grass. `covers` returns whether the terrain covers the upper left corner of the tile at a
   * position.
   */
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

  /** Fills positions with water. The tiles at the edge include the shore. */
  flood(kind: "pond" | "basin", positions: readonly Point[]): void {
    const has = membershipOf(positions);
    for (const { x, y } of positions) {
      this.put(
        "walls",
        x,
        y,
        shoreTile(kind, (column, row) => has(x + column, y + row)),
      );
    }
  }

  /** Plants a tree. Its trunk is solid, and its crown covers the ground around it. */
  plant(kind: "tree" | "cherry" | "pine", x: number, y: number): void {
    this.stamp("decor", x - 1, y - 2, kind, 3, 3);
    this.layers.decor[y * this.width + x] = 0;
    this.put("walls", x, y, `${kind}-1-2`);
  }

  /** Places an object of one by two tiles. Its foot is solid, and its head covers the tile behind it. */
  raise(kind: "column" | "lantern", x: number, y: number): void {
    this.put("walls", x, y, `${kind}-0-1`);
    this.put("decor", x, y - 1, `${kind}-0-0`);
  }

  /** Replaces tiles with variants, so that large areas show no pattern. */
  varyGround(): void {
    for (const { x, y } of rectangle(0, 0, this.width, this.height)) {
      const alike = ALIKE[this.nameAt("ground", x, y)] ?? [];
      const name = alike[Math.floor(hash(x, y, 2) * alike.length)];
      if (name) this.put("ground", x, y, name);
    }
  }

  /** Scatters petals on the ground around each cherry tree. Tiles farther from the tree get fewer petals. */
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

  /** Places the shade of tall tiles on the open ground to their right and below them. */
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

function membershipOf(positions: readonly Point[]): (x: number, y: number) => boolean {
  const keys = new Set(positions.map(({ x, y }) => `${x} ${y}`));
  return (x, y) => keys.has(`${x} ${y}`);
}

/** Returns the positions in a rectangle, row by row. */
export function rectangle(left: number, top: number, width: number, height: number): Point[] {
  return Array.from({ length: width * height }, (_, i) => ({ x: left + (i % width), y: top + Math.floor(i / width) }));
}
