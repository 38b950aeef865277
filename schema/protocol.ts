// Numbers of the protocol between client and server.

/**
 * The version of the protocol. Increase it with every change that makes an older page unable to play.
 *
 * A page sends this version as the join option `protocol`. A client that does not send it is not checked.
 */
export const PROTOCOL_VERSION = 1;

/**
 * The maximum length of a `say` text, in three units. A character is what a reader counts as one, such as an emoji or a
 * letter with its marks. It can consist of many code points.
 */
export const SAY_LIMITS = { characters: 200, codePoints: 800, bytes: 2048 } as const;

/** Maximum texts and waves that a player may send at once. */
export const SAY_BURST = 5;

/** Milliseconds after which a player may send one more text or wave. */
export const SAY_INTERVAL_MS = 1000;

/** Bytes before the body of an untimed state frame: only the code of the frame. */
export const STATE_HEADER_BYTES = 1;

/**
 * Bytes before the body of a timed state frame, which a room with inputs sends. They are the code of the frame, then 32
 * bits for the room's clock and 32 bits for the number of the client's applied inputs.
 */
export const TIMED_STATE_HEADER_BYTES = 9;
