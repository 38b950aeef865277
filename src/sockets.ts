// What every WebSocket of this server keeps to, whichever protocol it speaks.

/** The largest frame a client may send, in bytes. No frame of the game comes near; a larger one closes with 1009. */
const MAX_FRAME_BYTES = 4096;

/** Milliseconds between two pings to a client. */
export const PING_INTERVAL_MS = 3000;

/** Unanswered pings after which a client is taken for dead: it is cut after 6 to 9 seconds of silence. */
export const MAX_MISSED_PINGS = 2;

/** Milliseconds that a client we closed has to answer before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 2000;

/** Options for a `ws` server. `closeTimeout` is missing from its published types, hence the wider type. */
export const SOCKET_OPTIONS: { noServer: boolean; maxPayload: number; perMessageDeflate: boolean } & object = {
  noServer: true,
  maxPayload: MAX_FRAME_BYTES,
  perMessageDeflate: false,
  ...{ closeTimeout: CLOSE_TIMEOUT_MS },
};
