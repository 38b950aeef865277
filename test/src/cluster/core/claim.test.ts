import { describe, expect, test } from "@jest/globals";
import { Claim } from "../../../../src/cluster/core/claim.ts";
import { LIMITS } from "../../../../src/cluster/core/limits.ts";
import type { Place } from "../../../../src/cluster/core/ports.ts";

const START = { epoch: 0, number: 0 };
const at = (number: number): Place => ({ epoch: 1, number });

/** Returns a claim of process `own` that begins at time 0. The others are `old` (the former authority), `b` and `c`. */
function claim(newest: Place | undefined, handedOver?: Place): Claim {
  const state = { owner: "own", epoch: 2, newest };
  return new Claim({ state, now: 0, others: ["old", "b", "c"], former: "old", handedOver, limits: LIMITS });
}

const answer = (process: string, place: Place) => ({ type: "place" as const, process, epoch: 1, at: place });

describe("a new authority:", () => {
  test("a new authority starts the rooms as soon as all processes except the former authority have answered", () => {
    const one = claim(at(5));
    one.answer(answer("b", at(5)));
    expect(one.isReady(at(5), 1)).toBe(false);
    one.answer(answer("c", at(4)));
    expect(one.isReady(at(5), 1)).toBe(true);
  });

  test("a new authority starts the rooms after 300 ms even if some processes have not answered", () => {
    const one = claim(at(5));
    expect(one.isReady(at(5), LIMITS.claimMs - 1)).toBe(false);
    expect(one.isReady(at(5), LIMITS.claimMs)).toBe(true);
  });

  test("a new authority also waits for the answer of the former authority if no place is stored in Redis", () => {
    const one = claim(undefined);
    for (const process of ["b", "c"]) one.answer(answer(process, at(5)));
    expect(one.isReady(at(5), LIMITS.claimMs - 1)).toBe(false);
    one.answer(answer("old", at(5)));
    expect(one.isReady(at(5), LIMITS.claimMs - 1)).toBe(true);
  });

  test("a new authority gets the newest state from another process before it starts the rooms", () => {
    const one = claim(at(5));
    one.answer(answer("b", at(6)));
    one.answer(answer("c", at(7)));
    expect(one.mustAsk(at(5), 1)).toBe("c");
    expect(one.mustAsk(at(5), 2)).toBeUndefined();
    expect(one.mustAsk(at(5), 1 + LIMITS.askMs)).toBe("c");
    expect(one.isReady(at(5), LIMITS.claimMs)).toBe(false);
    expect(one.isReady(at(7), 10)).toBe(true);
  });

  test("a new authority waits only for a limited time if the place stored in Redis is newer than its own", () => {
    const one = claim(at(6));
    for (const process of ["b", "c"]) one.answer(answer(process, at(5)));
    expect(one.isReady(at(5), LIMITS.claimNewerMs - 1)).toBe(false);
    expect(one.isReady(at(5), LIMITS.claimNewerMs)).toBe(true);
  });

  test("a new authority without any state waits for up to three seconds if a place is stored in Redis", () => {
    const one = claim(at(6));
    expect(one.isReady(START, LIMITS.claimEmptyMs - 1)).toBe(false);
    expect(one.isReady(START, LIMITS.claimEmptyMs)).toBe(true);
  });

  test("a new authority starts the rooms at once if it is at the last place of the authority that handed over", () => {
    expect(claim(at(5), at(5)).isReady(at(5), 0)).toBe(true);
    expect(claim(at(5), at(5)).isReady(at(4), 0)).toBe(false);
  });
});
