// The two ways into the world, as metrics and log lines name them.
import type { Client } from "colyseus";

/** The SDK, or a plain WebSocket. */
export const TRANSPORTS = ["sdk", "plain"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** What our sockets tell about themselves: `client.ref` is one of them, or stands for one. */
interface Ref {
  readonly address?: string;
  readonly transport?: Transport;
}

/** The way by which a client came. */
export function transportOf(client: Client): Transport {
  return (client.ref as unknown as Ref).transport ?? "sdk";
}

/** The address that a client counts for. */
export function addressOf(client: Client): string | undefined {
  return (client.ref as unknown as Ref).address;
}
