// Tests a crowd on the largest map, which has more grid cells than a function call can have arguments.
import { expect, test } from "@jest/globals";
import { Crowd } from "../../support/crowd.ts";

test("clients in a crowd on the largest map get the changes of each tick", () => {
  const crowd = new Crowd(65_535, 65_535, true, 1500);
  for (let i = 0; i < 100; i++) {
    const member = crowd.join(`p${i}`);
    crowd.put(member.id, { name: member.id, facing: 4, x: 200 + i, y: 200 });
    crowd.acknowledge(member);
  }
  crowd.tick();
  for (let step = 1; step <= 3; step++) {
    for (const [i, { id }] of crowd.members.entries())
      crowd.put(id, { name: id, facing: 4, x: 200 + i, y: 200 + 8 * step });
    crowd.tick();
  }
  const [frames] = crowd.members.map((member) => crowd.arrive(member));
  expect(frames!.length).toBeGreaterThan(1);
});
