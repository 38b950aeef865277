// Numbers of the protocol between client and server.

/**
 * The version of the protocol. Increase it with every change after which an older page could not play.
 *
 * A page sends this version as the join option `protocol`. A client that does not send it is not checked.
 */
export const PROTOCOL_VERSION = 1;

/** Bytes before the body of a state frame: its code. */
export const STATE_HEADER_BYTES = 1;

/** Bytes before the body of a timed state frame: its code and two 32-bit numbers. */
export const TIMED_STATE_HEADER_BYTES = 9;
