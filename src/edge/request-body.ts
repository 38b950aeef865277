// The body of a request, in bounded memory.
import type { IncomingMessage } from "node:http";

/** The largest body of a request, in bytes. A join takes a few hundred; nothing of ours is larger. */
const MAX_BODY_BYTES = 16_384;

/**
 * How much of the rest of a body that is too large is thrown away, in bytes, and for how long, in milliseconds. Cut at
 * once, its sender would see a broken connection in the place of the answer.
 */
const LINGER_BYTES = 1_048_576;
const LINGER_MS = 1000;

/** Whether a request has a body to be read. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Reads the body. Gives undefined as soon as it is known to be too large: at once where `Content-Length` says so. The
 * connection ends soon after that, unless the body does.
 * @throws when the connection breaks.
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
    request.once("close", () => reject(new Error("the connection ended before the request did")));
  });
}
