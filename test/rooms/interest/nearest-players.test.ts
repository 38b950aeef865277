import { expect, test } from "@jest/globals";
import { CellIndex, type Positioned } from "../../../rooms/interest/cell-index.ts";
import { Grid, MIN_SIGHT } from "../../../rooms/interest/grid.ts";
import { NearestPlayers, NO_RANK } from "../../../rooms/interest/nearest-players.ts";
import { WatchedCells } from "../../../rooms/interest/watched-cells.ts";
import { type Random, seededRandom } from "../../../sim/random.ts";

/** The map's side: twelve cells. */
const SIZE = 1920;
const WANTED = 31;
const TICKS = 4;
/** A search may find up to this many more players than wanted. */
const MAX_EXTRA = 1;

/** Creates players at the positions that `place` returns, and a NearestPlayers index that covers all cells. */
function crowd(count: number, place: (number: number) => Positioned) {
  const grid = new Grid(SIZE, SIZE);
  const players = new Map(Array.from({ length: count }, (_, number) => [`player ${number}`, place(number)]));
  const index = new CellIndex<Positioned>(grid);
  const watched = new WatchedCells(grid);
  const nearest = new NearestPlayers<Positioned>(grid);
  return {
    players,
    nearest,
    build() {
      index.update(players, players.size !== index.size);
      index.commit();
      watched.beginTick(true);
      nearest.build(index, watched, WANTED);
      return [...index.all()];
    },
  };
}

/** Moves about half of the players by one step. All steps have the same length, so players often share a position. */
function walk(players: Map<string, Positioned>, random: Random): void {
  for (const player of players.values()) {
    const [dx, dy] = [
      [8, 0],
      [-8, 0],
      [0, 8],
      [0, -8],
    ][random(8)] ?? [0, 0];
    player.x = Math.min(Math.max(player.x + dx!, 0), SIZE);
    player.y = Math.min(Math.max(player.y + dy!, 0), SIZE);
  }
}

test.each([
  ["in one place", 200, () => ({ x: 900, y: 900 })],
  ["around one place", 400, (random: Random) => ({ x: 900 + 8 * random(12), y: 900 + 8 * random(12) })],
  ["in an area of one screen", 400, (random: Random) => ({ x: 8 * random(120), y: 8 * random(80) })],
  ["all over the map", 300, (random: Random) => ({ x: random(SIZE + 1), y: random(SIZE + 1) })],
  ["at the map's edges", 300, (random: Random) => ({ x: random(2) * SIZE, y: random(SIZE + 1) })],
  ["in small numbers", 5, (random: Random) => ({ x: random(SIZE + 1), y: random(SIZE + 1) })],
])("NearestPlayers.find finds the nearest players if the players are %s", (_, count, place) => {
  const random = seededRandom(7);
  const { players, nearest, build } = crowd(count, () => place(random));
  const lastRanks = new Map<number, number>();
  const lastFound = new Map<number, Set<number>>();
  for (let tick = 0; tick < TICKS; tick++) {
    const entities = build();
    for (const { slot, cell, player } of entities) {
      const lastRank = lastRanks.get(slot) ?? NO_RANK;
      nearest.find(slot, cell, lastRank);
      const found = nearest.found.slice(nearest.start, nearest.end);
      expect(new Set(found).size).toBe(found.length);

      const squares = new Map(entities.map((other) => [other.slot, squareOf(player, other.player)]));
      const inSight = [...squares.values()]
        .filter((square) => square <= MIN_SIGHT ** 2)
        .sort((one, other) => one - other);
      const expected = inSight.slice(0, WANTED);
      const actual = [...found].map((other) => squares.get(other)!).sort((one, other) => one - other);
      expect(actual.slice(0, expected.length)).toEqual(expected);
      expect(actual.length).toBeLessThanOrEqual(Math.min(WANTED + MAX_EXTRA, inSight.length));

      if (lastFound.has(slot)) {
        const wereFound = [...squares.keys()].filter((other) => nearest.wasFound(other, slot, lastRank));
        expect(new Set(wereFound)).toEqual(lastFound.get(slot));
      }
      lastRanks.set(slot, nearest.lastRank);
      lastFound.set(slot, new Set(found));
    }
    walk(players, random);
  }
});

function squareOf(one: Positioned, other: Positioned): number {
  return (one.x - other.x) ** 2 + (one.y - other.y) ** 2;
}

test("players at the same position share one search, even if other players are two units away", () => {
  const { nearest, build } = crowd(200, (number) => ({ x: 900 + 2 * (number % 2), y: 900 }));
  const starts = build().map(({ slot, cell }) => {
    nearest.find(slot, cell, NO_RANK);
    return nearest.start;
  });
  expect(new Set(starts).size).toBe(2);
});
