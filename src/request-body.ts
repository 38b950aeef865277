// The body of a request, in bounded memory.
import type { IncomingMessage } from "node:http";

/** The largest body of a request, in bytes. A join takes a few hundred; nothing of ours is larger. */
const MAX_BODY_BYTES = 16_384;

/** Milliseconds for which the rest of a body that is too large is thrown away, so that its sender gets the answer. */
const LINGER_MS = 1000;

/** Whether a request has a body to be read. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Reads the body. Gives undefined as soon as it is known to be too large: at once where `Content-Length` says so. What
 * still comes is not kept, and the connection ends soon.
 * @throws when the connection breaks.
 */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const tooLarge = () => {
    // Cut at once, the sender would see a broken connection in the place of our answer.
    request.resume();
    setTimeout(() => request.complete || request.socket.destroy(), LINGER_MS).unref();
    return undefined;
  };
  if (Number(request.headers["content-length"]) > MAX_BODY_BYTES) return tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= MAX_BODY_BYTES) return;
      request.off("data", take);
      resolve(tooLarge());
    };
    request.on("data", take);
    request.once("end", () => resolve(Buffer.concat(chunks).toString()));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the connection ended before the request did")));
  });
}
