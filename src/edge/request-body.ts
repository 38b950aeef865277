// Reads the body of a request in bounded memory.
import type { IncomingMessage } from "node:http";

/**
 * The largest accepted request body, in bytes. The largest request that our clients send is a join of a few hundred
 * bytes.
 */
const MAX_BODY_BYTES = 16_384;

/**
 * The server reads and discards the rest of a body that is too large. It closes the connection if the whole body
 * exceeds LINGER_BYTES, or if the body has not ended after LINGER_MS milliseconds. The sender would see a broken
 * connection instead of the answer if the server closed the connection at once.
 */
const LINGER_BYTES = 1_048_576;
const LINGER_MS = 1000;

/** Whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Reads the body. Resolves with undefined as soon as the body is known to be too large, from `Content-Length` or from
 * the bytes received so far. Then closes the connection after LINGER_MS milliseconds, unless the body has ended.
 * @throws if the connection closes before the body ends.
 */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const refuse = () => {
      chunks.length = 0;
      resolve(undefined);
      setTimeout(() => request.complete || request.socket.destroy(), LINGER_MS).unref();
    };
    request.on("data", (chunk: Buffer) => {
      const before = size;
      size += chunk.length;
      if (size > LINGER_BYTES) request.socket.destroy();
      else if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else if (before <= MAX_BODY_BYTES) refuse();
    });
    if (Number(request.headers["content-length"]) > MAX_BODY_BYTES) refuse();
    request.once("end", () => resolve(Buffer.concat(chunks).toString()));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the connection closed before the request was complete")));
  });
}
