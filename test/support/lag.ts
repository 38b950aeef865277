// A network with a delay: a TCP proxy that passes on every byte later, and can be cut.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A slow way to a server. */
export interface LaggyNetwork {
  /** `http://127.0.0.1:port` of the near end. */
  url: string;
  /** Leads to another local port, from the next connection on. */
  lead(port: number): void;
  /** Passes on nothing more over the connections that are open now, without closing them. */
  silence(): void;
  /** Likewise, but the near end learns that its connection is lost. */
  cutNearEnd(): void;
  /** Breaks every connection that is open now. */
  cut(): void;
  close(): void;
}

/** Opens a way to a local port on which each direction takes `oneWay` ms, in order. */
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
