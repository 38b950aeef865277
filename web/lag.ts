// A slow network, made in the page: all traffic of a room's socket waits in a line, in both directions.
import type { Room } from "@colyseus/sdk";
import { DelayLine } from "./delay-line.ts";

/** How slow. It may be changed at any time, and holds for what is sent from then on. */
export interface Lag {
  /** Milliseconds that are added there and back, half of them each way. */
  roundTripMs: number;
  /** Milliseconds up to which a round trip takes longer still, by chance. */
  jitterMs: number;
}

/**
 * Puts the lines between the SDK and its socket. The SDK notices nothing of it: its own measurements, and its
 * reconnecting, go the same slow way.
 * @returns lets out at once what waits; for who leaves, and has no time to wait for it.
 */
export function delayTraffic(room: Room, lag: Lag): () => void {
  const oneWay = () => (lag.roundTripMs + lag.jitterMs * Math.random()) / 2;
  const there = new DelayLine(oneWay);
  const back = new DelayLine(oneWay);
  const { transport, events } = room.connection;
  const send = transport.send.bind(transport);
  transport.send = (frame) => {
    // A copy, because the SDK writes its next frame into the same bytes.
    const copy = frame.slice();
    const socket = socketOf(transport);
    there.push(() => {
      // What was under way when a connection broke is lost. On the next one it would be somebody else's frame.
      if (socketOf(transport) === socket && transport.isOpen) send(copy);
    });
  };
  for (const name of ["onmessage", "onclose", "onerror"] as const) {
    const take = events[name];
    events[name] = (event) => back.push(() => take?.(event));
  }
  return () => there.flush();
}

/** The socket of a transport, of which there is a new one for each connection. */
function socketOf(transport: object): unknown {
  return (transport as { ws?: unknown }).ws;
}
