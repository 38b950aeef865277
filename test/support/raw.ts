// Bare TCP connections to a server: for what no client library would do.
import { connect, type Socket } from "node:net";
import { afterEach } from "@jest/globals";
import { upgradeRequest } from "../../bench/harness/upgrade-request.ts";
import { until } from "./until.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A TCP connection that does not end by itself when the other side ends its half. It ends after the test that made it. */
function connection(port: number, localAddress = "127.0.0.1"): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true });
  sockets.push(socket);
  socket.on("error", () => {});
  return socket;
}

/** Such a connection as soon as it is there; nobody reads from it yet. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connection(port);
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** A connection that sends what it is told, byte by byte. It ends after the test that made it. */
export class RawConnection {
  readonly socket: Socket;
  received = "";
  closed = false;

  /** `localAddress`: whom it comes from; the whole of 127.0.0.0/8 is this machine. */
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

  /** Sends lines as the head of a request. */
  head(...lines: string[]): void {
    this.socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  }

  /** Asks for a WebSocket. */
  upgrade(path: string, headers: string[] = []): void {
    this.socket.write(upgradeRequest(path, headers.map((line) => `${line}\r\n`).join("")));
  }

  /** The status of the first answer. */
  async status(): Promise<number> {
    const match = await until(() => /^HTTP\/1\.1 (\d{3})/.exec(this.received) ?? this.closed);
    return match === true ? 0 : Number(match[1]);
  }

  /** The headers of the first answer, in one text of lower-case letters. */
  async headers(): Promise<string> {
    await until(() => this.received.includes("\r\n\r\n"));
    return this.received.split("\r\n\r\n", 1)[0]!.toLowerCase();
  }
}

/** Sends a request from `localAddress` and reads its whole answer. */
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
