// What has gone over all WebSockets of the process, as plain numbers: each frame passes here, so counting is an addition.

/** Counted since the start. Bytes are of the frames' payloads. */
export const traffic = { framesReceived: 0, framesRefused: 0, framesSent: 0, bytesSent: 0 };
