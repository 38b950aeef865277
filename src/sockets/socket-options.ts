// The `ws` options of all WebSockets of this server, both SDK and plain.
import type { Addresses } from "../edge/addresses.ts";
import type { EdgeCounters } from "../telemetry/edge-counters.ts";
import type { SocketLimits } from "./limited-socket.ts";

/** The timeout of the closing handshake, in milliseconds. Afterwards the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 2000;

/** The options that the operator sets. */
export interface SocketSettings extends Omit<SocketLimits, "addresses" | "edgeCounters"> {
  /** The largest frame that a client may send, in bytes. A larger frame closes the connection with code 1009. */
  maxFrameBytes: number;
}

/**
 * Returns the options of a `ws` server whose sockets are LimitedSockets. The options `closeTimeout` and `limits` are
 * not in the published type, so the returned type includes `object`.
 */
export function socketOptions(settings: SocketSettings, addresses: Addresses, edgeCounters: EdgeCounters) {
  const { maxFrameBytes, maxMessagesPerSecond, maxSendBufferBytes, maxBackpressureSeconds } = settings;
  const limits: SocketLimits = {
    addresses,
    maxMessagesPerSecond,
    maxSendBufferBytes,
    maxBackpressureSeconds,
    edgeCounters,
  };
  const options: { noServer: boolean; maxPayload: number; perMessageDeflate: boolean } & object = {
    noServer: true,
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
    ...{ closeTimeout: CLOSE_TIMEOUT_MS, limits },
  };
  return options;
}
