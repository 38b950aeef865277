// The version of what goes over the wire. It rises whenever an old page could no longer play.

/** Sent by a page as the join option `protocol`; a client that sends none is taken at its word. */
export const PROTOCOL_VERSION = 1;
