import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Box, stack } from "../../web/stack.ts";

test("speech bubbles that do not cover each other stay where they are", () => {
  const boxes = [
    { x: 0, y: 100, width: 50, height: 20 },
    { x: 60, y: 100, width: 50, height: 20 },
    { x: 0, y: 60, width: 50, height: 20 },
  ];
  expect(stack(boxes)).toEqual([100, 100, 60]);
});

test("a speech bubble that would cover a lower bubble moves up, and a third bubble moves above both", () => {
  const box = { x: 0, width: 50, height: 20 };
  expect(
    stack([
      { ...box, y: 98 },
      { ...box, y: 100 },
      { ...box, y: 97 },
    ]),
  ).toEqual([77, 100, 54]);
});

test("stack() moves speech bubbles only up, so that no bubble covers another one", () => {
  const box = fc.record<Box>({ x: fc.nat(400), y: fc.nat(400), width: fc.nat(240), height: fc.nat(120) });
  fc.assert(
    fc.property(fc.array(box, { maxLength: 16 }), (boxes) => {
      const edges = stack(boxes);
      const placed = boxes.map((box, index) => ({ ...box, y: edges[index]! }));
      const covers = (one: Box, other: Box) =>
        Math.abs(one.x - other.x) < (one.width + other.width) / 2 &&
        one.y > other.y - other.height &&
        other.y > one.y - one.height;
      const pairs = placed.flatMap((one, index) => placed.slice(index + 1).filter((other) => covers(one, other)));
      return pairs.length === 0 && placed.every(({ y }, index) => y <= boxes[index]!.y);
    }),
  );
});
