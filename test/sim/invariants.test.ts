// Tests the invariants of a body, and the text for each violation.
import { expect, test } from "@jest/globals";
import { invariantViolation } from "../../sim/invariants.ts";
import { drawnMap } from "../support/maps.ts";

const MAP = drawnMap("plaza", ["####", "#s.#", "####"]);

test.each([
  [{ x: 48, y: 48, facing: 4 }, undefined, 1, undefined],
  [{ x: 44, y: 52, facing: 1 }, undefined, 1, undefined],
  [{ x: 43, y: 48, facing: 1 }, undefined, 1, "stands at (43, 48), in a wall or outside of the map"],
  [{ x: 56, y: 48, facing: 2 }, { x: 48, y: 48 }, 1, undefined],
  [{ x: 57, y: 48, facing: 2 }, { x: 48, y: 48 }, 1, "moved 9 units in 1 tick(s), from (48, 48) to (57, 48)"],
  [{ x: 57, y: 48, facing: 2 }, { x: 48, y: 48 }, 2, undefined],
  [{ x: 52, y: 52, facing: 2 }, { x: 48, y: 44 }, 1, "moved 12 units in 1 tick(s), from (48, 44) to (52, 52)"],
  [{ x: 48, y: 48, facing: 0 }, undefined, 1, "faces 0, an unknown direction"],
  [{ x: 48, y: 48.5, facing: 1 }, undefined, 1, "stands at (48, 48.5), which are not whole numbers"],
])("for a body %j that was at %j %d tick(s) earlier, invariantViolation returns: %s", (body, before, ticks, fault) => {
  expect(invariantViolation(body, MAP, before, ticks)).toBe(fault);
});
