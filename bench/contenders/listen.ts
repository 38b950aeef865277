// For the Node servers in this folder: listens on the port in the environment variable PORT, and prints the port.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The requested port; 0 stands for any free port. */
export const PORT = Number(process.env.PORT ?? 0);

/** Prints the port on which the server listens. The bench waits for this line. */
export function announce(server: Server): void {
  console.log(`listening on port ${(server.address() as AddressInfo).port}`);
}

/** Listens, then prints the port. */
export function listen(server: Server): void {
  server.listen(PORT, "127.0.0.1", () => announce(server));
}
