// The two kinds of connections, as metrics and log lines name them.
import type { Client } from "colyseus";

/** `sdk`: a client of the Colyseus SDK. `plain`: a plain WebSocket. */
export const TRANSPORTS = ["sdk", "plain"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/**
 * The fields of `client.ref` that are read here. `client.ref` is a socket of src/sockets, or a PlainRef for a plain
 * WebSocket.
 */
interface Ref {
  readonly address?: string;
  readonly transport?: Transport;
}

/** Returns the transport of a client. */
export function transportOf(client: Client): Transport {
  return (client.ref as unknown as Ref).transport ?? "sdk";
}

/** Returns the address of a client, as src/edge/addresses.ts returns it. */
export function addressOf(client: Client): string | undefined {
  return (client.ref as unknown as Ref).address;
}
