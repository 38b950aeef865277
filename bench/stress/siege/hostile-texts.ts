// Texts that an attacker says: too long, invisible, in markup, or expensive to check. All fit into one frame.

/** The hostile texts, by the kind of attack. */
export const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  markup: `<img src=x onerror="alert(1)"><script>alert(2)</script><svg/onload=alert(3)>`,
  link: `<a href="javascript:alert(1)">free coins</a> javascript:alert(1)`,
  length: "long ".repeat(800),
  "the longest accepted text": "👩‍👩‍👧".repeat(40) + "가".repeat(160),
  "a stack of marks": `a${"\u0301".repeat(1900)}`,
  "many stacks of marks": `a${"\u0301".repeat(9)}`.repeat(200),
  "chains of joiners": "❤\u200D".repeat(340),
  "joiners between marks": "\u094D\u200D".repeat(340),
  "letters that do not join": `${"ب\u200C".repeat(390)}ب`,
  flags: "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}".repeat(73),
  "control characters": "\u001b[2J\u0007\u0000\r\n".repeat(100),
  "characters that change the direction": "\u202Eexe.gpj\u2066".repeat(100),
  "invisible characters": "\u2063\u00AD\uFEFF\u3164".repeat(100),
  nothing: "",
  flood: "a",
};
