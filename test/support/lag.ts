// A network with latency: a TCP proxy that delays all bytes, and can cut its connections.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy in front of a server. */
export interface LaggyNetwork {
  /** The proxy's address: `http://127.0.0.1:port`. */
  url: string;
  /** Connects to another local port from the next connection on. */
  lead(port: number): void;
  /** Stops forwarding on the open connections, without closing them. */
  silence(): void;
  /** Stops forwarding on the open connections, and destroys their client ends. */
  cutNearEnd(): void;
  /** Destroys all open connections. */
  cut(): void;
  close(): void;
}

/** Opens a proxy to a local port. It delays each direction by `oneWay` ms and keeps the order. */
export async function laggyNetwork(port: number, oneWay: number): Promise<LaggyNetwork> {
  const open = new Set<Socket>();
  const silent = new Set<Socket>();
  const near = new Set<Socket>();
  let target = port;
  const server = createServer((client) => {
    near.add(client);
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [client, far],
      [far, client],
    ] as const) {
      open.add(from);
      from.setNoDelay(true);
      from.on("data", (bytes) => setTimeout(() => !silent.has(from) && to.writable && to.write(bytes), oneWay));
      from.on("end", () => setTimeout(() => !silent.has(from) && to.end(), oneWay));
      from.on("error", () => to.destroy());
      from.on("close", () => {
        open.delete(from);
        near.delete(from);
        setTimeout(() => !silent.has(from) && to.destroy(), oneWay);
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: (port) => {
      target = port;
    },
    silence: () => {
      for (const socket of open) silent.add(socket);
    },
    cutNearEnd: () => {
      for (const socket of open) silent.add(socket);
      for (const socket of near) socket.destroy();
    },
    cut,
    close: () => {
      server.close();
      cut();
      for (const socket of silent) socket.destroy();
    },
  };
}
