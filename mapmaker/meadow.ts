// The meadow: wide and open, grass with fields of flowers, paths, a few trees and ponds.

import { hash, noise, random } from "./art/random.ts";
import { MapDraft, type Point, rectangle } from "./map-draft.ts";

const SIZE = 128;

/** One kind of flower to a field. */
const FIELDS = ["daisies", "buttercups", "poppies", "cosmos", "cornflowers", "bellflowers"] as const;

const PONDS = [
  { x: 24, y: 27, reach: 6 },
  { x: 108, y: 98, reach: 6 },
  { x: 80, y: 45, reach: 4 },
] as const;

export function drawMeadow(): MapDraft {
  const map = new MapDraft(SIZE, SIZE);
  grassland(map);
  const path = trodden();
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

/** Grass, with flowers that thin out from the middle of their field to its border. */
function grassland(map: MapDraft): void {
  const chance = random(11);
  for (const { x, y } of rectangle(0, 0, SIZE, SIZE)) {
    map.put("ground", x, y, `grass-${chance.int(0, 5)}`);
    const kind = FIELDS[Math.floor(noise(x, y, 26, 12) * 3 + noise(x, y, 40, 13) * 6) % FIELDS.length] ?? "daisies";
    if (chance.chance(bloom(x, y))) map.put("ground", x, y, `${kind}-${chance.int(0, 2)}`);
    else if (chance.chance(0.05))
      map.put("ground", x, y, chance.pick(["tuft-0", "tuft-1", "clover", "clover", "daisies-1"]));
    else if (chance.chance(0.002)) map.put("ground", x, y, "mushrooms");
  }
}

/** How likely a tile is to bear the flower of its field. */
function bloom(x: number, y: number): number {
  return (slantedNoise(x, y, 12, 14) - 0.5) * 3;
}

/** Deep grass grows where no flowers do. */
function isLush(x: number, y: number): boolean {
  return bloom(x, y) < 0 && slantedNoise(x, y, 14, 21) * 0.65 + slantedNoise(x, y, 5, 22) * 0.35 > 0.55;
}

/** Noise on a turned lattice: on an upright one the borders of patches would run along the tiles. */
function slantedNoise(x: number, y: number, scale: number, seed: number): number {
  return noise(x * 0.8 + y * 0.6 + 200, y * 0.8 - x * 0.6 + 200, scale, seed);
}

/** The corners of tiles that paths cover: two ways across, and a round between them. */
function trodden(): Set<number> {
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

/** Round waters; what would leave a strip one tile wide is cut off. */
function ponds(map: MapDraft): void {
  const chance = random(41);
  for (const { x: centerX, y: centerY, reach } of PONDS) {
    const inside = (x: number, y: number): boolean =>
      Math.hypot((x - centerX) / 1.25, y - centerY) < reach * (0.75 + noise(x, y, 6, 42) * 0.35);
    const places = rectangle(centerX - 14, centerY - 14, 28, 28).filter(({ x, y }) =>
      // A tile belongs to the pond if some square of two by two around it does: no spits, no islets.
      [
        [0, 0],
        [-1, 0],
        [0, -1],
        [-1, -1],
      ].some(([dx = 0, dy = 0]) => rectangle(x + dx, y + dy, 2, 2).every((corner) => inside(corner.x, corner.y))),
    );
    map.flood("pond", places);
    for (const { x, y } of places) {
      if (map.nameAt("walls", x, y) === "pond-c" && chance.chance(0.18))
        map.put("walls", x, y, `lotus-${chance.int(0, 3)}`);
    }
  }
}

/** Trees in loose groves, never so close that their crowns meet or a gap becomes too narrow. */
function trees(map: MapDraft): void {
  const chance = random(51);
  for (let attempt = 0; attempt < 2000; attempt++) {
    const place = { x: chance.int(2, SIZE - 3), y: chance.int(3, SIZE - 3) };
    const wooded = noise(place.x, place.y, 15, 52);
    const kind =
      noise(place.x, place.y, 22, 53) > 0.6 ? "cherry" : noise(place.x, place.y, 18, 54) > 0.6 ? "pine" : "tree";
    if (wooded < 0.6 && !chance.chance(0.02)) continue;
    if (!isOffPath(map, place) || !map.isFree(place.x - 2, place.y - 3, 5, 6)) continue;
    map.plant(kind, place.x, place.y);
  }
}

function rocks(map: MapDraft): void {
  const chance = random(71);
  for (let attempt = 0; attempt < 90; attempt++) {
    const place = { x: chance.int(2, SIZE - 3), y: chance.int(2, SIZE - 3) };
    if (!isOffPath(map, place) || !map.isFree(place.x - 2, place.y - 2, 5, 5)) continue;
    map.put("walls", place.x, place.y, chance.pick(["rock-1", "rock-2", "rock-3", "shrub", "azalea"]));
  }
}

function isOffPath(map: MapDraft, place: Point): boolean {
  return rectangle(place.x - 1, place.y - 1, 3, 3).every(({ x, y }) => !map.nameAt("ground", x, y).startsWith("dirt"));
}
