// Tests which names are shown in a crowd.
import { expect, test } from "@jest/globals";
import { seededRandom } from "../../sim/random.ts";
import { placeLabels } from "../../web/labels.ts";

const at = (x: number, y: number) => ({ x, y, width: 60, height: 14 });

test("a name is hidden if it overlaps a shown name that is earlier in the list", () => {
  expect(placeLabels([at(0, 0), at(59, 13), at(60, 0), at(0, 14), at(0, -14)])).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
});

test("a name is shown if it overlaps only names that are hidden", () => {
  expect(placeLabels([at(0, 0), at(50, 0), at(100, 0)])).toEqual([true, false, true]);
});

test("of 200 names at random positions, no two shown names overlap, and each hidden name overlaps a shown name", () => {
  const random = seededRandom(1);
  const labels = Array.from({ length: 200 }, () => ({
    x: random(500),
    y: random(500),
    width: 20 + random(60),
    height: 14,
  }));
  const shown = placeLabels(labels);
  // Two names overlap if the rectangle that they have in common is not empty. placeLabels() uses another definition.
  const overlaps = (one: number, other: number) => {
    const [a, b] = [labels[one]!, labels[other]!];
    const width = Math.min(a.x + a.width / 2, b.x + b.width / 2) - Math.max(a.x - a.width / 2, b.x - b.width / 2);
    return width > 0 && Math.min(a.y, b.y) - Math.max(a.y - a.height, b.y - b.height) > 0;
  };
  const visible = [...labels.keys()].filter((index) => shown[index]);
  for (const index of labels.keys()) {
    const before = visible.filter((other) => other < index && overlaps(index, other));
    expect(before.length > 0).toBe(!shown[index]);
  }
  expect(visible.length).toBeGreaterThan(20);
});
