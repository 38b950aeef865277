import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Random, seededRandom } from "../../sim/random.ts";

const draw = (random: Random, count: number, below: number) => Array.from({ length: count }, () => random(below));

describe("random numbers:", () => {
  test("seededRandom returns the same numbers for the same seed", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (seed) => {
        expect(draw(seededRandom(seed), 50, 1000)).toEqual(draw(seededRandom(seed), 50, 1000));
      }),
    );
  });

  test("seededRandom implements mulberry32, so a recording replays on any machine and in any language", () => {
    // The expected numbers were computed in Python from the published C code of mulberry32.
    expect(draw(seededRandom(1), 5, 2 ** 32)).toEqual([2693262067, 11749833, 2265367787, 4213581821, 4159151403]);
  });

  test("seededRandom returns different numbers for different seeds", () => {
    const sequences = Array.from({ length: 200 }, (_, seed) => draw(seededRandom(seed), 10, 1000).join());
    expect(new Set(sequences).size).toBe(200);
  });

  test("seededRandom returns the same numbers if another generator is used at the same time", () => {
    const alone = draw(seededRandom(7), 20, 1000);
    const random = seededRandom(7);
    const other = seededRandom(8);
    const interleaved = Array.from({ length: 20 }, () => {
      other(1000);
      return random(1000);
    });
    expect(interleaved).toEqual(alone);
  });

  test("seededRandom returns integers from 0 to one less than the bound", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 2 ** 31 }), (seed, below) => {
        for (const number of draw(seededRandom(seed), 50, below)) {
          expect(Number.isInteger(number) && number >= 0 && number < below).toBe(true);
        }
      }),
    );
  });

  test("seededRandom returns 0 for the bound 1", () => {
    expect(draw(seededRandom(3), 20, 1)).toEqual(Array(20).fill(0));
  });

  test("seededRandom returns each number about equally often", () => {
    const counts = Array<number>(10).fill(0);
    for (const number of draw(seededRandom(1), 100_000, 10)) counts[number]!++;
    // 475 is five standard deviations of a count if all numbers are equally likely.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(475);
  });

  test("seededRandom returns each pair of successive results about equally often", () => {
    const counts = Array<number>(16).fill(0);
    const random = seededRandom(2);
    for (let i = 0; i < 80_000; i++) counts[random(4) * 4 + random(4)]!++;
    // 345 is five standard deviations of a count if all pairs are equally likely.
    for (const count of counts) expect(Math.abs(count - 5000)).toBeLessThan(345);
  });
});
