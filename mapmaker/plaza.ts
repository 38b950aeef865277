// The plaza: a walled market square with a great hall, a lotus garden, stalls, a village and a noble residence.

import { seededRandom } from "./art/random.ts";
import { MapDraft, type Point, rectangle } from "./map-draft.ts";

const SIZE = 64;

export function drawPlaza(): MapDraft {
  const map = new MapDraft(SIZE, SIZE);
  pave(map);
  enclose(map);
  greatHall(map);
  lotusGarden(map);
  market(map);
  village(map);
  residence(map);
  square(map);
  avenue(map);
  map.varyGround();
  map.castShade();
  map.dropPetals();
  return map;
}

/** Paves the map. Two broad paths of slabs, edged with bricks, cross in the centre. */
function pave(map: MapDraft): void {
  const random = seededRandom(1);
  for (const { x, y } of rectangle(0, 0, SIZE, SIZE)) {
    map.put("ground", x, y, `paving-${x % 4}-${y % 4}`);
    const fromMiddle = Math.min(Math.abs(x - 31.5), Math.abs(y - 31.5));
    const ring = Math.max(Math.abs(x - 31.5), Math.abs(y - 31.5));
    if (fromMiddle < 3 || ring === 11.5 || ring === 5.5) map.put("ground", x, y, `brick-${random.int(0, 1)}`);
    if (fromMiddle < 2 || ring < 5) map.put("ground", x, y, `slab-${random.int(0, 3)}`);
  }
  map.stamp("ground", 29, 29, "mosaic", 6, 6);
}

function enclose(map: MapDraft): void {
  const border = rectangle(0, 0, SIZE, SIZE).filter(({ x, y }) => [x, y].some((at) => at === 0 || at === SIZE - 1));
  map.connect("walls", "wall", border);
}

/** Draws a house: a roof of any size over a front with a door in its centre. */
function house(
  map: MapDraft,
  style: "house" | "cottage",
  left: number,
  top: number,
  width: number,
  depth: number,
): void {
  const roof = style === "house" ? "roof" : "thatch";
  const third = (at: number, size: number): number => (at === 0 ? 0 : at === size - 1 ? 2 : 1);
  for (const { x, y } of rectangle(0, 0, width, depth - 1)) {
    map.put("walls", left + x, top + y, `${roof}-${third(x, width)}-${third(y, depth - 1)}`);
  }
  const middle = Math.floor(width / 2);
  for (let x = 0; x < width; x++) {
    const piece =
      x === 0 ? "left" : x === width - 1 ? "right" : x === middle ? "door" : x % 2 === middle % 2 ? "plain" : "window";
    map.put("walls", left + x, top + depth - 1, `${style}-${piece}`);
  }
}

/** Draws the hall at the end of the avenue, and the columns that lead to it. */
function greatHall(map: MapDraft): void {
  for (const { x, y } of rectangle(19, 9, 26, 2)) map.put("ground", x, y, `slab-${(x + y * 3) % 4}`);
  house(map, "house", 22, 3, 20, 6);
  for (const x of [24, 27, 36, 39]) {
    for (const y of [11, 14, 17]) map.raise("column", x, y);
  }
  for (const left of [18, 44]) {
    map.raise("lantern", left, 10);
    map.connect("walls", "hedge", rectangle(left, 4, 2, 4));
  }
}

/** Draws a rectangular pond in a garden. */
function lotusGarden(map: MapDraft): void {
  map.connect("ground", "bed", rectangle(3, 3, 15, 16));
  const water = rectangle(6, 7, 9, 8);
  map.flood("basin", water);
  const random = seededRandom(3);
  for (const { x, y } of rectangle(7, 8, 7, 6))
    if (random.bool(0.4)) map.put("walls", x, y, `lotus-${random.int(0, 3)}`);
  for (const [x, y] of [
    [5, 5],
    [15, 5],
    [5, 18],
    [16, 18],
  ] as const)
    map.plant(y > 10 ? "cherry" : "pine", x, y);
  for (const [x, y] of [
    [8, 17],
    [12, 17],
    [9, 4],
    [10, 4],
  ] as const)
    map.put("walls", x, y, "azalea");
}

/** Draws twelve stalls in rows, with jars and crates beside them. */
function market(map: MapDraft): void {
  const kinds = ["stall-red", "stall-blue", "stall-yellow"] as const;
  const stacks = ["crate", "jar-3", "jar-1"] as const;
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 3; column++) {
      const x = 46 + column * 6;
      const y = 3 + row * 5;
      map.stamp("walls", x, y, kinds[(row + column) % 3] ?? "stall-red", 3, 2);
      // The last stall of a row has its crate or jars on the left, so that the path along the wall is two tiles wide.
      const stack = column === 2 ? x - 1 : x + 3;
      if ((row + column) % 2 === 0) map.put("walls", stack, y + 1, stacks[(row + 2 * column) % 3] ?? "crate");
    }
  }
}

/** Draws thatched cottages around a yard of earth. */
function village(map: MapDraft): void {
  map.connect("ground", "yard", rectangle(3, 43, 21, 18));
  house(map, "cottage", 5, 44, 7, 4);
  house(map, "cottage", 15, 45, 6, 4);
  house(map, "cottage", 4, 54, 6, 4);
  for (const [x, y, kind] of [
    [12, 45, "jar-3"],
    [12, 46, "jar-1"],
    [12, 47, "jar-3"],
    [10, 57, "crate"],
  ] as const) {
    map.put("walls", x, y, kind);
  }
  for (const [x, y] of [
    [14, 54],
    [15, 54],
    [16, 54],
    [14, 55],
    [15, 55],
    [16, 55],
  ] as const) {
    map.put("walls", x, y, (x + y) % 2 ? "jar-1" : "jar-3");
  }
  map.plant("tree", 20, 58);
  map.plant("tree", 13, 52);
  map.plant("pine", 4, 51);
  map.connect("walls", "hedge", [...rectangle(24, 44, 1, 5), ...rectangle(24, 53, 1, 8)]);
}

/** Draws a noble residence behind a garden wall, with gates in the west and the north. */
function residence(map: MapDraft): void {
  const wall = rectangle(41, 43, 20, 18).filter(({ x, y }) => x === 41 || y === 43);
  map.connect(
    "walls",
    "wall",
    wall.filter(({ x, y }) => !(y > 50 && y < 54) && !(x > 47 && x < 51)),
  );
  map.connect("ground", "bed", rectangle(52, 53, 10, 9));
  house(map, "house", 51, 46, 10, 6);
  house(map, "house", 44, 54, 7, 5);
  for (const [x, y, kind] of [
    [54, 57, "cherry"],
    [59, 59, "pine"],
    [60, 55, "tree"],
  ] as const)
    map.plant(kind, x, y);
  map.put("walls", 56, 60, "rock-3");
  map.put("walls", 57, 55, "rock-1");
  for (const x of [44, 45]) map.put("walls", x, 46, "jar-3");
  map.raise("lantern", 46, 50);
}

/** Draws the open square, with hedges and trees in its corners, and fountains in the west and the east. */
function square(map: MapDraft): void {
  for (const [left, top] of [
    [21, 21],
    [39, 21],
    [21, 39],
    [39, 39],
  ] as const) {
    const outer = { x: left < 32 ? left : left + 3, y: top < 32 ? top : top + 3 };
    map.connect("ground", "bed", rectangle(left, top, 4, 4));
    const angle = rectangle(left, top, 4, 4).filter(
      ({ x, y }) => (x === outer.x && Math.abs(y - outer.y) < 3) || (y === outer.y && Math.abs(x - outer.x) < 3),
    );
    map.connect("walls", "hedge", angle);
    const inward = top < 32 ? 2 : 3;
    map.plant("cherry", left < 32 ? left + inward : left + 3 - inward, top < 32 ? top + 3 : top + 2);
  }
  for (const left of [8, 52]) {
    const isRim = ({ x, y }: Point): boolean => x === left - 3 || x === left + 6 || y === 27 || y === 36;
    for (const { x, y } of rectangle(left - 2, 28, 8, 8)) map.put("ground", x, y, `slab-${(x * 3 + y) % 4}`);
    map.connect("ground", "bed", rectangle(left - 3, 27, 10, 10).filter(isRim));
    map.stamp("walls", left, 30, "fountain", 4, 4);
    const corners: Point[] = [];
    for (const [x, y] of [
      [left - 3, 27],
      [left + 6, 27],
      [left - 3, 36],
      [left + 6, 36],
    ] as const) {
      const inwardX = x < left ? 1 : -1;
      const inwardY = y < 30 ? 1 : -1;
      corners.push({ x, y }, { x: x + inwardX, y }, { x, y: y + inwardY });
    }
    map.connect("walls", "hedge", corners);
  }
  for (const x of [25, 38]) for (const y of [25, 38]) map.raise("lantern", x, y);
}

/** Draws cherry trees on both sides of the path to the south. */
function avenue(map: MapDraft): void {
  for (const x of [27, 36]) {
    map.connect("ground", "bed", rectangle(x - 1, 45, 3, 16));
    for (const y of [47, 53, 59]) map.plant("cherry", x, y);
    for (const y of [50, 56]) map.put("walls", x, y, "shrub");
  }
}
