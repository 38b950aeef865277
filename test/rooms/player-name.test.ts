// Tests the rules for the text of a name, and the error messages for texts that break these rules.
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { nameProblem } from "../../rooms/player-name.ts";
import { runs } from "../support/long.ts";

const ZWNJ = "\u200C";
const ZWJ = "\u200D";
const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Returns the flag emoji of a region from the region's code, such as `gbsct` for Scotland. */
const flagOf = (code: string) =>
  `\u{1F3F4}${[...code].map((letter) => String.fromCodePoint(0xe0000 + letter.codePointAt(0)!)).join("")}\u{E007F}`;

test.each([
  ["Latin", "Ada Lovelace"],
  ["Korean", "지민"],
  ["Arabic", "محمد"],
  ["Hebrew with points", "שָׁלוֹם"],
  ["Persian", `می${ZWNJ}خواهم`],
  ["Persian with a mark before the joiner", `خانه\u0654${ZWNJ}ای`],
  ["Kurdish", `ئه${ZWNJ}وان`],
  ["Sinhala", `ශ්${ZWJ}රී`],
  ["Malayalam with a joiner at its end", `അവന്${ZWJ}`],
  ["Marathi", `दर्${ZWJ}या`],
  ["Hindi with a visible virama", `क्${ZWNJ}ष`],
  ["Bengali", `উদ্${ZWNJ}যোগ`],
  ["Thai", "สมชาย"],
  ["Mongolian with a variant of a letter", "ᠮᠣᠩᠭᠣᠯ\u180B"],
  ["Japanese with a variant of a character", "葛\u{E0100}城"],
  ["the emoji of a family", "👨‍👩‍👧‍👦"],
  ["an emoji with a skin tone", "👩🏽‍🚀"],
  ["an emoji with a variation selector inside", "👩‍❤️‍💋‍👨"],
  ["a rainbow flag", "🏳️‍🌈"],
  ["the emoji of a keycap", "1️⃣"],
  ["a heart that is drawn as text", "❤\uFE0E"],
  ["the flag of a country", "🇰🇷"],
  ["the flag of Scotland", flagOf("gbsct")],
  ["an emoji between letters", "a🦊b"],
])("a name can be %s", (_what, name) => {
  expect(nameProblem(name)).toBeUndefined();
});

test.each([
  ["a joiner between Latin letters", `a${ZWJ}b`, "U+200D may only follow a virama, or join two emoji"],
  ["a joiner between digits", `1${ZWJ}2`, "U+200D may only follow a virama, or join two emoji"],
  ["a joiner after an emoji", `🦊${ZWJ}`, "U+200D may only follow a virama, or join two emoji"],
  ["a joiner between Arabic letters", `ب${ZWJ}ب`, "U+200D may only follow a virama, or join two emoji"],
  ["a joiner after a mark that is not a virama", `ක\u0DCF${ZWJ}`, "U+200D may only follow a virama, or join two emoji"],
  ["a non-joiner between Latin letters", `a${ZWNJ}b`, "U+200C may only follow a virama, or separate"],
  ["a non-joiner after a letter that does not join", `ا${ZWNJ}ب`, "U+200C may only follow a virama, or separate"],
  ["a non-joiner before a Latin letter", `ب${ZWNJ}a`, "U+200C may only follow a virama, or separate"],
  ["a non-joiner at the end", `می${ZWNJ}`, "U+200C may only follow a virama, or separate"],
  ["two non-joiners in a row", `می${ZWNJ}${ZWNJ}خ`, "U+200C may only follow a virama, or separate"],
  ["an override of the text direction", "a\u202Eb", "U+202E changes the direction of text"],
  ["a directional isolate", "a\u2067b", "U+2067 changes the direction of text"],
  ["an Arabic letter mark", "a\u061Cb", "U+061C changes the direction of text"],
  ["a line break", "a\nb", "U+000A is a control character"],
  ["a line separator", "a\u2028b", "U+2028 is invisible"],
  ["a zero-width space", "a\u200Bb", "U+200B is invisible"],
  ["a word joiner", "a\u2060b", "U+2060 is invisible"],
  ["a soft hyphen", "a\u00ADb", "U+00AD is invisible"],
  ["a Hangul filler", "\u3164", "U+3164 is invisible"],
  ["a blank Braille pattern", "\u2800", "U+2800 is invisible"],
  ["a grapheme joiner", "a\u034Fb", "U+034F is invisible"],
  ["half of a character", "a\uD83Eb", "U+D83E is half of a character"],
  ["a variation selector after a letter", "a\uFE0F", "U+FE0F is invisible"],
  ["a variation selector after a digit", "1\uFE0F", "U+FE0F is invisible"],
  ["two variation selectors in a row", "❤\uFE0F\uFE0F", "U+FE0F is invisible"],
  ["tags after a letter", "a\u{E0061}", "U+E0061 is allowed only in flags"],
  ["a flag whose tags are not a region's code", flagOf("gbscotland"), "U+E0067 is allowed only in flags"],
  ["a flag without the last tag", flagOf("gbsct").slice(0, -2), "U+E0067 is allowed only in flags"],
  ["only marks", "\u0301\u0302", "it has only marks"],
])("a name cannot contain %s", (_what, name, reason) => {
  const problem = nameProblem(name);
  expect(problem).toMatch(/^`name` must be visible text; .*\.$/);
  expect(problem).toContain(`; ${reason}`);
});

describe("the length of a name:", () => {
  /** An emoji of four code points and 15 bytes. */
  const ASTRONAUT = "👩🏽‍🚀";
  const LIMITS = "`name` must be 1 to 24 characters, up to 96 code points and 256 bytes";

  test.each([
    ["24 letters", "a".repeat(24)],
    ["24 emoji", "🦊".repeat(24)],
    ["96 code points", "a\u0301\u0302\u0303".repeat(24)],
    ["256 bytes", `${ASTRONAUT.repeat(17)}a`],
  ])("a name of %s is accepted", (_what, name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  test.each([
    ["0 characters", "", "it has 0, 0 and 0."],
    ["25 letters", "a".repeat(25), "it has 25, 25 and 25."],
    ["25 emoji", "🦊".repeat(25), "it has 25, 25 and 100."],
    ["97 code points", `${"a\u0301\u0302\u0303".repeat(24)}\u0304`, "it has 24, 97 and 170."],
    ["257 bytes", `${ASTRONAUT.repeat(17)}ab`, "it has 19, 70 and 257."],
  ])("a name of %s is rejected, with a message that states the name's length", (_what, name, has) => {
    expect(nameProblem(name)).toBe(`${LIMITS}; ${has}`);
  });
});

/** A short text of any characters. */
const text = fc.string({ unit: "binary", maxLength: 10 });

/** Characters that make any name invalid, wherever they stand. */
const forbidden = fc.constantFrom(
  ..."\u0000\t\n\u007F\u0085\u00AD\u034F\u061C\u115F\u180E\u200B\u200E\u200F\u2028\u2029\u202A\u202E\u2060\u2066\u2069\u2800",
  ..."\u3164\uFEFF\uFFA0\uFFF9\u{1D173}\u{E0001}",
);

test("a name is rejected if it contains a character that is always invisible or changes the direction of text", () => {
  fc.assert(
    fc.property(text, forbidden, text, (before, character, after) => {
      expect(nameProblem(before + character + after)).toBeDefined();
    }),
    { numRuns: runs(5000) },
  );
});

test("a name without hidden characters is accepted if it is within the length limits, and rejected if it is too long", () => {
  const visible = fc.string({ unit: "grapheme", minLength: 1, maxLength: 24 }).filter((name) => {
    const count = [...characters.segment(name)].length;
    return (
      count <= 24 &&
      [...name].length <= 96 &&
      Buffer.byteLength(name) <= 256 &&
      !/[\p{C}\p{DI}\u2028\u2029\u2800\u{1D159}\u{16FE4}]/u.test(name)
    );
  });
  fc.assert(
    fc.property(visible, (name) => {
      fc.pre(/[\p{L}\p{N}\p{P}\p{S}]/u.test(name));
      expect(nameProblem(name)).toBeUndefined();
      expect(nameProblem(`${name} `.repeat(25))).toBeDefined();
    }),
    { numRuns: runs(5000) },
  );
});

test("a name can be any emoji sequence that Unicode recommends", () => {
  const isEmoji = /^\p{RGI_Emoji}$/v;
  const person = fc.constantFrom(..."👨👩🧑👦👧🏃🚶👮🕵🏳🏴❤🐻🐕🐈👁⛓");
  const suffix = fc.constantFrom("", "\uFE0F", "🏻", "🏽", "🏿");
  const other = fc.constantFrom(..."♂♀⚕⚖✈🚀🌾🍳🎓🎤💻🔬🦰🦽🤝❤🔥🩹🌈⚧☠❄🦺⬛🗨💥➡💋👨👩🧑👦👧");
  const sequence = fc
    .tuple(
      person,
      suffix,
      fc.array(
        fc.tuple(other, suffix).map((pair) => pair.join("")),
        { maxLength: 3 },
      ),
    )
    .map(([first, tone, others]) => [first + tone, ...others].join(ZWJ))
    .filter((emoji) => isEmoji.test(emoji));
  fc.assert(
    fc.property(sequence, (emoji) => {
      expect(nameProblem(emoji)).toBeUndefined();
    }),
    { numRuns: runs(1000) },
  );
});

test("a name may have a zero-width joiner or non-joiner only after a virama, between joined letters, or in an emoji", () => {
  const unit = fc.constantFrom(..."aبادی\u0654कක\u094D\u0DCA\u0DCF1🦊❤🏽", ZWNJ, ZWJ, "\uFE0F");
  const virama = "[\u094D\u0DCA]";
  const allowed = new RegExp(
    `(?<=${virama})[${ZWNJ}${ZWJ}]` +
      `|(?<=[بی]\\p{Mn}*)${ZWNJ}(?=\\p{Mn}*[بادی])` +
      `|(?<=(?:🦊|❤)(?:🏽|\uFE0F)?)${ZWJ}(?=🦊|❤)`,
    "gu",
  );
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 12 }), (units) => {
      const name = units.join("");
      if (nameProblem(name) === undefined) expect(name.replaceAll(allowed, "")).not.toMatch(/[\u200C\u200D]/);
      else if (!name.includes("\uFE0F") && /[^\p{M}\p{C}]/u.test(name))
        expect(name.replaceAll(allowed, "")).toMatch(/[\u200C\u200D]/);
    }),
    { numRuns: runs(20_000) },
  );
});
