// Tests the search for the nearest of many items.
import { expect, test } from "@jest/globals";
import { seededRandom } from "../../sim/random.ts";
import { nearestOf } from "../../web/nearest.ts";

test("nearestOf() returns the same 40 of 1500 items as a complete sort by distance and id", () => {
  const random = seededRandom(1);
  // The distances are whole numbers from 0 to 200, so many of them are equal.
  const items = Array.from({ length: 1500 }, (_, index) => ({ id: `p${index}`, away: random(201) }));
  const sorted = [...items].sort((one, other) => one.away - other.away || (one.id < other.id ? -1 : 1));
  const found = nearestOf(items, ({ away }) => away, 40);
  expect(found).toEqual(sorted.slice(0, 40).map((item) => ({ item, distance: item.away })));
});

test("nearestOf() returns all items, nearest first, if there are fewer items than the limit", () => {
  const items = [
    { id: "a", away: 9 },
    { id: "b", away: 3 },
  ];
  expect(nearestOf(items, ({ away }) => away, 5).map(({ item }) => item.id)).toEqual(["b", "a"]);
});
