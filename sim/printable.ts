// Makes text from files safe to show in terminals and logs. Names of maps, layers and objects come from files that
// anyone may have written.

/** Characters that move the cursor, end the line, or change the direction of the text. */
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Returns a text as one line for a terminal or a log. Harmful characters are escaped: a newline becomes `\u000a`. */
export function printable(text: string): string {
  return text.replace(HARMFUL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
