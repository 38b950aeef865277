// Makes the server listen. It is separate from src/app.ts, so that tests can use any port.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { App } from "./app.ts";

/**
 * Starts to listen.
 * @returns the port. Port 0 selects a free one.
 * @throws the system's error if the port or host is unavailable. The framework's own `listen` would never settle then.
 */
export async function listen({ server, httpServer }: App, port: number, host: string): Promise<number> {
  const failed = once(httpServer, "error").then(([error]) => {
    throw error;
  });
  await Promise.race([server.listen(port, host), failed]);
  return (httpServer.address() as AddressInfo).port;
}
