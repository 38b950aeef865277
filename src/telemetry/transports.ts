// The two kinds of connections, as metrics and log lines name them.
import type { Client } from "colyseus";

/** `sdk`: a client of the Colyseus SDK. `plain`: a plain WebSocket. */
export const TRANSPORTS = ["sdk", "plain"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** The part of our sockets that is read here. `client.ref` is such a socket, or a stand-in for one. */
interface Ref {
  readonly address?: string;
  readonly transport?: Transport;
}

/** Returns the transport of a client. */
export function transportOf(client: Client): Transport {
  return (client.ref as unknown as Ref).transport ?? "sdk";
}

/** Returns the address that a client counts for. */
export function addressOf(client: Client): string | undefined {
  return (client.ref as unknown as Ref).address;
}
