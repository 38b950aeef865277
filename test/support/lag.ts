// A network with latency: a TCP proxy that delays all bytes, and can cut its connections.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy in front of a server. */
export interface LaggyNetwork {
  /** The proxy's address: `http://127.0.0.1:port`. */
  url: string;
  /** Forwards new connections to another local port. Open connections are not affected. */
  lead(port: number): void;
  /** Stops forwarding on the open connections, without closing them. */
  silence(): void;
  /**
   * Like `silence`. Until `restore` is called, new connections are silent too: the proxy accepts them, but forwards
   * nothing.
   */
  goAway(): void;
  /** Ends the effect of `goAway` for new connections. Connections that were silent stay silent. */
  restore(): void;
  /** Stops forwarding on the open connections, and destroys the client's end of each. */
  cutNearEnd(): void;
  /** Like `cutNearEnd`. New connections come from another address, as if the clients had moved to another network. */
  change(): void;
  /** Destroys all open connections. */
  cut(): void;
  close(): void;
}

/**
 * Opens a proxy to a local port. It delays bytes by `oneWay` ms in each direction, and keeps their order.
 * @param handshakes the number of round trips before a new connection carries data: one for TCP, and one or two for
 * TLS.
 */
export async function laggyNetwork(port: number, oneWay: number, handshakes = 0): Promise<LaggyNetwork> {
  const open = new Set<Socket>();
  const silent = new Set<Socket>();
  const near = new Set<Socket>();
  let target = port;
  let isAway = false;
  let localAddress = "127.0.0.1";
  const forward = (client: Socket) => {
    const far = connect({ port: target, host: "127.0.0.1", localAddress });
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
  };
  const server = createServer((client) => {
    near.add(client);
    client.on("error", () => {});
    if (isAway) {
      open.add(client);
      silent.add(client);
      client.resume().on("close", () => open.delete(client));
    } else if (handshakes > 0) setTimeout(() => !client.destroyed && forward(client), 2 * oneWay * handshakes);
    else forward(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const silence = () => {
    for (const socket of open) silent.add(socket);
  };
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const cutNearEnd = () => {
    silence();
    for (const socket of near) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: (port) => {
      target = port;
    },
    silence,
    goAway: () => {
      isAway = true;
      silence();
    },
    restore: () => {
      isAway = false;
    },
    cutNearEnd,
    change: () => {
      localAddress = "127.0.0.2";
      cutNearEnd();
    },
    cut,
    close: () => {
      server.close();
      cut();
      for (const socket of [...silent, ...near]) socket.destroy();
    },
  };
}
