// Makes an assembled server listen on a port. src/app.ts does not listen itself, so that each test can choose a port.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { App } from "./app.ts";

/**
 * Starts to listen.
 * @returns the port in use. The system selects a free port if `port` is 0.
 * @throws the system's error if the port or host is unavailable. On such an error the framework's own `listen` never
 * settles.
 */
export async function listen({ server, httpServer }: App, port: number, host: string): Promise<number> {
  const failed = once(httpServer, "error").then(([error]) => {
    throw error;
  });
  await Promise.race([server.listen(port, host), failed]);
  return (httpServer.address() as AddressInfo).port;
}
