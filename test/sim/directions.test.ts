import { describe, expect, test } from "@jest/globals";
import { DIRECTION_OF_WORD, DIRECTION_WORDS, directionOfCode, NONE } from "../../sim/directions.ts";

describe("directions", () => {
  test("DIRECTION_OF_WORD maps four English and four Korean words to the codes 1 to 4", () => {
    expect(DIRECTION_OF_WORD).toEqual({ left: 1, right: 2, up: 3, down: 4, 좌: 1, 우: 2, 상: 3, 하: 4 });
  });

  test("DIRECTION_WORDS lists the eight words, English first", () => {
    expect(DIRECTION_WORDS).toEqual(["left", "right", "up", "down", "좌", "우", "상", "하"]);
  });

  test.each(["LEFT", "Left", " left", "left ", "", "1", "constructor", "__proto__", "toString", "좌우"])(
    "the word %j is not a direction",
    (word) => {
      expect(DIRECTION_WORDS).not.toContain(word);
      expect(Object.hasOwn(DIRECTION_OF_WORD, word)).toBe(false);
    },
  );

  test("the Korean words are composed (NFC) characters, as keyboards type them", () => {
    for (const word of ["좌", "우", "상", "하"]) {
      expect(DIRECTION_WORDS).toContain(word.normalize("NFC"));
      expect(DIRECTION_WORDS).not.toContain(word.normalize("NFD"));
    }
  });

  test.each([1, 2, 3, 4])("the code %d is a direction", (code) => {
    expect(directionOfCode(code)).toBe(code);
  });

  test.each([0, -0, 5, -1, NaN, 200, 1.5, 3.999, 255, 257, Infinity, -Infinity, 2 ** 32 + 1])(
    "the code %d is not a direction, and is not rounded to a valid code",
    (code) => {
      expect(directionOfCode(code)).toBe(NONE);
    },
  );

  test.each([undefined, null, "1", true, [1], { valueOf: () => 1 }, "left"])(
    "the value %j is not a direction code, because it is not a number",
    (code) => {
      expect(directionOfCode(code as unknown as number)).toBe(NONE);
    },
  );
});
