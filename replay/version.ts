// The version of sabang that recordings are checked against.

/** This version plays only its own recordings. A test compares it with package.json, which a page cannot read. */
export const VERSION = "0.1.0";
