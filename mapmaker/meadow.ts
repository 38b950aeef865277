// The meadow: a large, open map of grass with fields of flowers, paths, a few trees and ponds.

import { hash, noise, seededRandom } from "./art/random.ts";
import { MapDraft, type Point, rectangle } from "./map-draft.ts";

const SIZE = 128;

/** The kinds of flowers. Each part of the meadow has one kind. */
const FIELDS = ["daisies", "buttercups", "poppies", "cosmos", "cornflowers", "bellflowers"] as const;

const PONDS = [
  { x: 24, y: 27, reach: 6 },
  { x: 108, y: 98, reach: 6 },
  { x: 80, y: 45, reach: 4 },
] as const;

export function drawMeadow(): MapDraft {
  const map = new MapDraft(SIZE, SIZE);
  grassland(map);
  const path = pathCorners();
  const onPath = (x: number, y: number): boolean => path.has(y * (SIZE + 1) + x);
  map.spread("lush", (x, y) => isLush(x, y) && !rectangle(x - 1, y - 1, 3, 3).some((near) => onPath(near.x, near.y)));
  map.spread("dirt", onPath);
  ponds(map);
  trees(map);
  rocks(map);
  map.varyGround();
  map.dropPetals();
  return map;
}

/** Draws grass with patches of flowers. Each patch thins out towards its edge. */
function grassland(map: MapDraft): void {
  const random = seededRandom(11);
  for (const { x, y } of rectangle(0, 0, SIZE, SIZE)) {
    map.put("ground", x, y, `grass-${random.int(0, 5)}`);
    const kind = FIELDS[Math.floor(noise(x, y, 26, 12) * 3 + noise(x, y, 40, 13) * 6) % FIELDS.length] ?? "daisies";
    if (random.bool(bloom(x, y))) map.put("ground", x, y, `${kind}-${random.int(0, 2)}`);
    else if (random.bool(0.05))
      map.put("ground", x, y, random.pick(["tuft-0", "tuft-1", "clover", "clover", "daisies-1"]));
    else if (random.bool(0.002)) map.put("ground", x, y, "mushrooms");
  }
}

/** Returns the probability of a flower on a tile. A value below 0 means never, and a value above 1 means always. */
function bloom(x: number, y: number): number {
  return (slantedNoise(x, y, 12, 14) - 0.5) * 3;
}

/** Whether deep green grass grows at a position. It grows only where there are no flowers. */
function isLush(x: number, y: number): boolean {
  return bloom(x, y) < 0 && slantedNoise(x, y, 14, 21) * 0.65 + slantedNoise(x, y, 5, 22) * 0.35 > 0.55;
}

/** Returns noise on a rotated lattice. On an upright lattice, the borders of patches would follow the tiles. */
function slantedNoise(x: number, y: number, scale: number, seed: number): number {
  return noise(x * 0.8 + y * 0.6 + 200, y * 0.8 - x * 0.6 + 200, scale, seed);
}

/** Returns the tile corners that are on a path. Two paths lead across the map, and one path is circular. */
function pathCorners(): Set<number> {
  const corners = new Set<number>();
  const tread = (x: number, y: number): void => {
    const half = 1 + (hash(Math.round(x / 3), Math.round(y / 3), 31) > 0.6 ? 0.6 : 0);
    for (const near of rectangle(Math.round(x) - 2, Math.round(y) - 2, 5, 5)) {
      if (near.x < 0 || near.y < 0 || near.x > SIZE || near.y > SIZE) continue;
      if (Math.hypot(near.x - x, near.y - y) <= half) corners.add(near.y * (SIZE + 1) + near.x);
    }
  };
  for (let step = 0; step <= SIZE * 4; step++) {
    const along = step / 4;
    tread(along, 64 + Math.sin(along / 15) * 9 + Math.sin(along / 6) * 2);
    tread(62 + Math.sin(along / 17 + 2) * 12 + Math.sin(along / 7) * 2, along);
    const turn = (step / (SIZE * 4)) * 2 * Math.PI;
    const reach = 42 + Math.sin(turn * 3) * 5 + Math.sin(turn * 7) * 1.5;
    tread(64 + Math.cos(turn) * reach, 64 + Math.sin(turn) * reach);
  }
  return corners;
}

/** Draws round ponds. Every part of a pond is at least two tiles wide. */
function ponds(map: MapDraft): void {
  const random = seededRandom(41);
  for (const { x: centerX, y: centerY, reach } of PONDS) {
    const inside = (x: number, y: number): boolean =>
      Math.hypot((x - centerX) / 1.25, y - centerY) < reach * (0.75 + noise(x, y, 6, 42) * 0.35);
    const positions = rectangle(centerX - 14, centerY - 14, 28, 28).filter(({ x, y }) =>
      // A tile belongs to the pond if it is in a square of two by two tiles that are all inside the outline. So no part
      // of the pond is only one tile wide.
      [
        [0, 0],
        [-1, 0],
        [0, -1],
        [-1, -1],
      ].some(([dx = 0, dy = 0]) => rectangle(x + dx, y + dy, 2, 2).every((corner) => inside(corner.x, corner.y))),
    );
    map.flood("pond", positions);
    for (const { x, y } of positions) {
      if (map.nameAt("walls", x, y) === "pond-c" && random.bool(0.18))
        map.put("walls", x, y, `lotus-${random.int(0, 3)}`);
    }
  }
}

/** Plants trees in loose groves. Their crowns do not touch, so players can walk between the trunks. */
function trees(map: MapDraft): void {
  const random = seededRandom(51);
  for (let attempt = 0; attempt < 2000; attempt++) {
    const position = { x: random.int(2, SIZE - 3), y: random.int(3, SIZE - 3) };
    const wooded = noise(position.x, position.y, 15, 52);
    const kind =
      noise(position.x, position.y, 22, 53) > 0.6
        ? "cherry"
        : noise(position.x, position.y, 18, 54) > 0.6
          ? "pine"
          : "tree";
    if (wooded < 0.6 && !random.bool(0.02)) continue;
    if (!isOffPath(map, position) || !map.isFree(position.x - 2, position.y - 3, 5, 6)) continue;
    map.plant(kind, position.x, position.y);
  }
}

function rocks(map: MapDraft): void {
  const random = seededRandom(71);
  for (let attempt = 0; attempt < 90; attempt++) {
    const position = { x: random.int(2, SIZE - 3), y: random.int(2, SIZE - 3) };
    if (!isOffPath(map, position) || !map.isFree(position.x - 2, position.y - 2, 5, 5)) continue;
    map.put("walls", position.x, position.y, random.pick(["rock-1", "rock-2", "rock-3", "shrub", "azalea"]));
  }
}

function isOffPath(map: MapDraft, position: Point): boolean {
  return rectangle(position.x - 1, position.y - 1, 3, 3).every(
    ({ x, y }) => !map.nameAt("ground", x, y).startsWith("dirt"),
  );
}
