// The rule for texts of players. All scripts are allowed, but every character must be visible. An invisible character
// is allowed only where the spelling of a script or an emoji needs it. No character may change the direction of the
// text.
import { JOINS_NEXT, JOINS_PREVIOUS } from "./joining-types.ts";

/** The maximum length of a text, in three units. */
export interface TextLimits {
  /** Characters as readers count them: an emoji, or a letter with its marks, is one. */
  characters: number;
  /** Unicode code points. A character can consist of many of them. */
  codePoints: number;
  /** Bytes of UTF-8. */
  bytes: number;
}

/**
 * Controls, format characters, characters that fonts do not draw, line breaks, and lone surrogates (halves of
 * characters). The last three code points in the pattern are the blanks of Braille, of the Khitan script and of musical
 * notation.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{16FE4}\u{1D159}]/gu;

/** Characters that change the direction of text (Bidi_Control). */
const DIRECTION = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/;

const ZWNJ = "\u200C";
const ZWJ = "\u200D";

/** The flag of a part of a country, such as Scotland: a black flag, then the part's code in tags, then the end tag. */
const TAG_FLAG = /\u{1F3F4}[\u{E0061}-\u{E007A}]{2}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{1,4}\u{E007F}/gu;
const TAG = /[\u{E0000}-\u{E007F}]/u;

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Returns a sentence that says why a text is not accepted; undefined if it is.
 * @param field the name of the text in the sentence.
 */
export function textProblem(field: string, text: string, limits: TextLimits): string | undefined {
  const count = [...characters.segment(text)].length;
  const codePoints = [...text].length;
  const bytes = new TextEncoder().encode(text).length;
  if (count === 0 || count > limits.characters || codePoints > limits.codePoints || bytes > limits.bytes) {
    const accepted = `1 to ${limits.characters} characters, up to ${limits.codePoints} code points and ${limits.bytes} bytes`;
    return `\`${field}\` must be ${accepted}; it has ${count}, ${codePoints} and ${bytes}.`;
  }
  const hidden = hiddenCharacter(text);
  if (hidden !== undefined) return `\`${field}\` must be visible text; ${codeOf(hidden)} ${reasonAgainst(hidden)}.`;
  if (/^[\p{M}\p{Z}]*$/u.test(text)) return `\`${field}\` must be visible text; it has only marks.`;
  return undefined;
}

/** Returns the first hidden character that neither a script nor an emoji needs at its position in a text. */
function hiddenCharacter(original: string): string | undefined {
  const text = original.replaceAll(TAG_FLAG, "\u{1F3F4}");
  for (const { 0: character, index } of text.matchAll(HIDDEN)) {
    if (!isNeeded(character, text.slice(0, index), text.slice(index + character.length))) return character;
  }
  return undefined;
}

/** Whether a script or an emoji needs a hidden character between `before` and `after`. */
function isNeeded(character: string, before: string, after: string): boolean {
  switch (character) {
    // The rule of RFC 5892, appendix A.1.
    case ZWNJ:
      return endsInVirama(before) || (JOINS_NEXT.test(before) && JOINS_PREVIOUS.test(after));
    // The rule of RFC 5892, appendix A.2. ZWJ also joins several emoji into one (Unicode Technical Standard 51).
    case ZWJ:
      return (
        endsInVirama(before) ||
        (/\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F)?$/u.test(before) &&
          /^\p{Extended_Pictographic}/u.test(after))
      );
    // Variation selectors: they show an emoji as text or as a picture, and are part of keycap emoji.
    case "\uFE0E":
    case "\uFE0F":
      return /\p{Extended_Pictographic}$/u.test(before) || (/[0-9#*]$/.test(before) && after.startsWith("\u20E3"));
  }
  // Variation selectors of Chinese characters. They also occur in Japanese names.
  if (/[\uFE00-\uFE02\u{E0100}-\u{E01EF}]/u.test(character)) return /\p{Ideographic}$/u.test(before);
  // Variation selectors of Mongolian letters.
  if (/[\u180B-\u180D\u180F]/.test(character)) return /\p{Script=Mongolian}$/u.test(before);
  return false;
}

/**
 * Whether a text ends in a virama: a mark of Canonical_Combining_Class 9. Regular expressions do not have this
 * property, but `normalize` sorts marks by their class. A virama comes between U+3099 (class 8) and U+05B0 (class 10).
 */
function endsInVirama(text: string): boolean {
  const last = /\p{M}$/u.exec(text)?.[0];
  if (last === undefined || last === "\u3099" || last === "\u05B0") return false;
  const sorted = `\u3099${last}\u05B0`;
  return `\u05B0${last}\u3099`.normalize("NFD") === sorted;
}

function reasonAgainst(character: string): string {
  if (character === ZWNJ) return "may only follow a virama, or separate two letters that would join";
  if (character === ZWJ) return "may only follow a virama, or join two emoji";
  if (DIRECTION.test(character)) return "changes the direction of text";
  if (TAG.test(character)) return "is allowed only in flags";
  if (/\p{Cc}/u.test(character)) return "is a control character";
  if (/\p{Cs}/u.test(character)) return "is half of a character";
  return "is invisible";
}

/** Returns a character's code, such as `U+200D`. */
function codeOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
