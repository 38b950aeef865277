// How every server of the bench begins: on the port of the environment, with one line that tells which it became.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The port asked for; 0 is any free one. */
export const PORT = Number(process.env.PORT ?? 0);

/** Prints where the server listens, in the words that the bench waits for. */
export function announce(server: Server): void {
  console.log(`listening on port ${(server.address() as AddressInfo).port}`);
}

/** Listens, and prints where. */
export function listen(server: Server): void {
  server.listen(PORT, "127.0.0.1", () => announce(server));
}
