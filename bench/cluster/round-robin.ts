// A small balancer for machines without HAProxy: a child process that passes each request to the next process.
// Usage: round-robin.ts PORT BACKEND_PORT...
import { type ClientRequest, createServer, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";

const HOST = "127.0.0.1";

const [port, ...backends] = process.argv.slice(2).map(Number);
let next = 0;

/** Returns the headers of the forwarded request: those of the client, and the `X-Forwarded` headers. */
function headersOf({ headers, socket }: IncomingMessage) {
  return {
    ...headers,
    "x-forwarded-for": socket.remoteAddress,
    "x-forwarded-proto": "http",
    "x-forwarded-host": headers.host,
    "x-forwarded-port": String(port),
  };
}

/**
 * Sends a request to the next process. If it fails, tries each of the other processes once, until one answers.
 * @param body the complete body, which is sent again with each try.
 * @param onSent is called with each request that was sent.
 * @param onFailed is called if no process has answered.
 */
function forward(
  incoming: IncomingMessage,
  body: Buffer,
  onSent: (sent: ClientRequest) => void,
  onFailed: () => void,
): void {
  const first = next++;
  const attempt = (tries: number) => {
    if (tries === backends.length) return onFailed();
    const { method, url: path } = incoming;
    const backend = backends[(first + tries) % backends.length]!;
    const sent = request({ host: HOST, port: backend, method, path, headers: headersOf(incoming), agent: false });
    let isAnswered = false;
    for (const event of ["response", "upgrade"])
      sent.once(event, () => {
        isAnswered = true;
      });
    sent.on("error", () => {
      if (!isAnswered) attempt(tries + 1);
    });
    onSent(sent);
    sent.end(body);
  };
  attempt(0);
}

const server = createServer(async (incoming, outgoing) => {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  const onSent = (sent: ClientRequest) =>
    sent.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(outgoing);
    });
  forward(incoming, Buffer.concat(parts), onSent, () => outgoing.writeHead(502).end());
});

server.on("upgrade", (incoming: IncomingMessage, client: Socket, head: Buffer) => {
  client.on("error", () => client.destroy());
  const onSent = (sent: ClientRequest) => {
    sent.on("response", (answer) => {
      client.write(headOf(answer));
      answer.pipe(client);
    });
    sent.on("upgrade", (answer, process: Socket, first: Buffer) => {
      for (const socket of [client, process]) socket.setNoDelay();
      client.write(headOf(answer));
      client.write(first);
      process.write(head);
      client.pipe(process).pipe(client);
      process.on("error", () => client.destroy());
      process.on("close", () => client.destroy());
      client.on("close", () => process.destroy());
    });
  };
  forward(incoming, Buffer.alloc(0), onSent, () => client.destroy());
});

/** Returns the head of an answer as text. */
function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

server.listen(port, HOST);
