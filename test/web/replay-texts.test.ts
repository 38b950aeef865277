// Tests the English and Korean texts of the replay page, mainly those about files that the page cannot play.
import { expect, test } from "@jest/globals";
import { checkFit, RecordingError, readRecording } from "../../replay/format.ts";
import { REPLAY_TEXTS } from "../../web/replay-texts.ts";
import { drawnMap } from "../support/maps.ts";
import { Bustle } from "../support/recording.ts";

const { en, ko } = REPLAY_TEXTS;
const YARD = drawnMap("yard", ["######", "#s..s#", "######"]);

const bustle = new Bustle(YARD, 7);
bustle.play(100, 3);
const file = await bustle.end();
const whole = readRecording(file);
const { header } = whole;

function errorOf(act: () => unknown): RecordingError {
  try {
    act();
  } catch (error) {
    if (error instanceof RecordingError) return error;
    throw error;
  }
  throw new Error("expected a RecordingError, but none was thrown");
}
const unfit = (changed: Partial<typeof header>, map = YARD) =>
  errorOf(() => checkFit({ ...whole, header: { ...header, ...changed } }, map, {}));
const damaged = file.slice();
damaged[damaged.length >> 1]! ^= 1;
const later = file.slice();
later[14] = "7".charCodeAt(0);

test.each<[string, RecordingError]>([
  ["a damaged file", errorOf(() => readRecording(damaged))],
  ["bytes after the end", errorOf(() => readRecording(Uint8Array.from([...file, 0, 0])))],
  ["a later format", errorOf(() => readRecording(later))],
  ["a different version", unfit({ version: "0.0.9" })],
  ["a different rule", unfit({ rules: { ...header.rules, STEP: 9 } })],
  ["a map with a different name", unfit({}, drawnMap("field", ["######", "#s..s#", "######"]))],
  ["a map that was changed", unfit({}, drawnMap("yard", ["######", "#s.s.#", "######"]))],
])("the replay page's English and Korean texts about %s contain the same values", (_, error) => {
  expect(en.detail(error)).toBe(error.message);
  const detail = ko.detail(error);
  expect(detail).toMatch(/^[^.].*[가-힣]\.$/);
  expect(detail).not.toMatch(/undefined/);
  const values = Object.values(error.details);
  expect(values).not.toEqual([]);
  for (const value of values) expect(detail).toContain(String(value));
});

test("replay texts that say how many players there are use the plural forms and number formats of each language", () => {
  expect([1, 1234].map(en.players)).toEqual(["1 player", "1,234 players"]);
  expect([1, 1234].map(ko.players)).toEqual(["플레이어 1명", "플레이어 1,234명"]);
});
