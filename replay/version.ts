// The version that recordings are held to.

/** The version of sabang that makes recordings, and plays its own alone. A test holds it to package.json, which a page cannot read. */
export const VERSION = "0.1.0";
