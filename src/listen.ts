// When the server starts to listen: apart from what it is, so that tests can put it on any port.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { App } from "./app.ts";

/**
 * Starts to listen.
 * @returns the port, which is another than the one asked for if that was 0.
 * @throws what the system says, for a port or host that cannot be had: the framework's own `listen` would never settle.
 */
export async function listen({ server, httpServer }: App, port: number, host: string): Promise<number> {
  const failed = once(httpServer, "error").then(([error]) => {
    throw error;
  });
  await Promise.race([server.listen(port, host), failed]);
  return (httpServer.address() as AddressInfo).port;
}
