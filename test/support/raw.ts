// Raw TCP connections to a server, for requests that no client library sends.
import { connect, type Socket } from "node:net";
import { afterEach } from "@jest/globals";
import { upgradeRequest } from "../../bench/harness/upgrade-request.ts";
import { until } from "./until.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Opens a TCP connection, which is destroyed after the test. It stays half open when the server ends its side. */
function connection(port: number, localAddress = "127.0.0.1"): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true });
  sockets.push(socket);
  socket.on("error", () => {});
  return socket;
}

/** Opens a TCP connection and waits until it is established. No listener reads from it yet. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connection(port);
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** A connection that sends exactly the given bytes. It is destroyed after the test. */
export class RawConnection {
  readonly socket: Socket;
  received = "";
  closed = false;

  /** @param localAddress the client's address: any address in 127.0.0.0/8. */
  constructor(port: number, localAddress = "127.0.0.1") {
    this.socket = connection(port, localAddress);
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
    });
    this.socket.on("end", () => {
      this.closed = true;
    });
    this.socket.on("close", () => {
      this.closed = true;
    });
  }

  /** Sends a request's head. */
  head(...lines: string[]): void {
    this.socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  }

  /** Sends a WebSocket upgrade request. */
  upgrade(path: string, headers: string[] = []): void {
    this.socket.write(upgradeRequest(path, headers.map((line) => `${line}\r\n`).join("")));
  }

  /** Returns the status of the first response; 0 if the connection was closed without one. */
  async status(): Promise<number> {
    const match = await until(() => /^HTTP\/1\.1 (\d{3})/.exec(this.received) ?? this.closed);
    return match === true ? 0 : Number(match[1]);
  }

  /** Returns the head of the first response in lower case. */
  async headers(): Promise<string> {
    await until(() => this.received.includes("\r\n\r\n"));
    return this.received.split("\r\n\r\n", 1)[0]!.toLowerCase();
  }
}

/** Sends a request from `localAddress` and returns its response. */
export async function request(
  port: number,
  lines: string[],
  localAddress = "127.0.0.1",
): Promise<{ status: number; headers: string; body: string }> {
  const connection = new RawConnection(port, localAddress);
  connection.head(...lines, "Host: 127.0.0.1", "Connection: close");
  await until(() => connection.closed);
  connection.socket.destroy();
  const [head = "", body = ""] = connection.received.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), headers: head.toLowerCase(), body };
}
