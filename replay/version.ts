// The version of sabang. A recording is played only by the version that made it, unless the caller accepts any version.

/** The version of this code. A test compares it with package.json, which a web page cannot read. */
export const VERSION = "0.1.0";
