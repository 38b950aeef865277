// Tests which language the page uses, and that each language has all texts.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { LANGUAGES, languageFor } from "../../web/language.ts";
import { en } from "../../web/messages-en.ts";
import { ko } from "../../web/messages-ko.ts";

describe("languageFor", () => {
  test.each([
    [["ko-KR", "en"], "ko"],
    [["ko"], "ko"],
    [["de-DE", "ko-KR", "en-US"], "ko"],
    [["en-GB", "ko"], "en"],
    [["fr", "de"], "en"],
    [[], "en"],
  ])("for the preferred languages %j the page uses %s", (preferred, language) => {
    expect(languageFor(preferred)).toBe(language);
  });
});

test("every language has a text for each key in index.html", () => {
  const html = readFileSync(new URL("../../web/index.html", import.meta.url), "utf8");
  const keys = [...html.matchAll(/data-(?:text|label)="(\w+)"/g)].map(([, key]) => key!);
  expect(keys.length).toBeGreaterThan(20);
  for (const messages of Object.values(LANGUAGES)) {
    const missing = keys.filter((key) => typeof (messages as Record<string, unknown>)[key] !== "string");
    expect(missing).toEqual([]);
  }
});

test("the page uses every message of messages-en.ts", () => {
  const folder = new URL("../../web/", import.meta.url).pathname;
  const page = readdirSync(folder).filter((file) => /\.(?:ts|html)$/.test(file) && !file.startsWith("messages-"));
  const text = page.map((file) => readFileSync(`${folder}${file}`, "utf8")).join("\n");
  const unused = Object.keys(en).filter((key) => !new RegExp(`\\.${key}\\b|\\b${key}[ ,}]|"${key}"`).test(text));
  expect(unused).toEqual([]);
});

test("texts with a number of steps use the plural forms and number formats of each language", () => {
  expect([1, 2, 1234].map(en.steps)).toEqual(["1 step", "2 steps", "1,234 steps"]);
  expect([1, 1234].map(ko.steps)).toEqual(["1걸음", "1,234걸음"]);
});
