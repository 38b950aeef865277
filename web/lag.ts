// Simulates a slow network in the page: delays all traffic of a room's socket, in both directions.
import type { Room } from "@colyseus/sdk";
import { DelayLine } from "./delay-line.ts";

/** The simulated lag. It may change at any time; a change applies to traffic that is sent or received afterwards. */
export interface Lag {
  /** Milliseconds that are added to a round trip, half of them each way. */
  roundTripMs: number;
  /** Upper limit of the random milliseconds that are added to a round trip. */
  jitterMs: number;
}

/**
 * Puts delay lines between the SDK and its socket. The SDK does not notice them, so its measurements and reconnections
 * are delayed as well.
 * @returns a function that sends all delayed outgoing frames immediately. Call it before the page leaves the room.
 */
export function delayTraffic(room: Room, lag: Lag): () => void {
  const oneWay = () => (lag.roundTripMs + lag.jitterMs * Math.random()) / 2;
  const outgoing = new DelayLine(oneWay);
  const incoming = new DelayLine(oneWay);
  const { transport, events } = room.connection;
  const send = transport.send.bind(transport);
  transport.send = (frame) => {
    // The frame is copied, because the SDK reuses its buffer for the next frame.
    const copy = frame.slice();
    const socket = socketOf(transport);
    outgoing.push(() => {
      // Frames of a broken connection are lost. They must not be sent on the next connection.
      if (socketOf(transport) === socket && transport.isOpen) send(copy);
    });
  };
  for (const name of ["onmessage", "onclose", "onerror"] as const) {
    const handler = events[name];
    events[name] = (event) => incoming.push(() => handler?.(event));
  }
  return () => outgoing.flush();
}

/** Returns the current socket of a transport. Each connection has a new socket. */
function socketOf(transport: object): unknown {
  return (transport as { ws?: unknown }).ws;
}
