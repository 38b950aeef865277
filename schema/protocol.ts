// The version of the protocol between page and server. It increases whenever an old page could no longer play.

/** A page sends this version as the join option `protocol`. A client that does not send it is not checked. */
export const PROTOCOL_VERSION = 1;
