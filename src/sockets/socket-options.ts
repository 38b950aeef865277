// What every WebSocket of this server keeps to, whichever protocol it speaks.
import type { Addresses } from "../edge/addresses.ts";
import type { EdgeCounters } from "../telemetry/edge-counters.ts";
import type { SocketLimits } from "./limited-socket.ts";

/** Milliseconds that a client we closed has to answer before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 2000;

/** What the operator sets of it. */
export interface SocketSettings extends Omit<SocketLimits, "addresses" | "edgeCounters"> {
  /** The largest frame that a client may send, in bytes; a larger one closes with 1009. */
  maxFrameBytes: number;
}

/**
 * Options for a `ws` server whose sockets are LimitedSockets. `closeTimeout` and `limits` are missing from its published
 * types, hence the wider type.
 */
export function socketOptions(settings: SocketSettings, addresses: Addresses, edgeCounters: EdgeCounters) {
  const { maxFrameBytes, maxMessagesPerSecond, maxSendBufferBytes, maxBehindSeconds } = settings;
  const limits: SocketLimits = { addresses, maxMessagesPerSecond, maxSendBufferBytes, maxBehindSeconds, edgeCounters };
  const options: { noServer: boolean; maxPayload: number; perMessageDeflate: boolean } & object = {
    noServer: true,
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
    ...{ closeTimeout: CLOSE_TIMEOUT_MS, limits },
  };
  return options;
}
