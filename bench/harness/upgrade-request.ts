// The WebSocket upgrade request, for clients without a WebSocket library.

/** A valid key: the example of RFC 6455. */
export const UPGRADE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/**
 * Returns the text of the request.
 * @param more additional header lines, each of which ends with `\r\n`.
 */
export function upgradeRequest(path: string, more = ""): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: ${UPGRADE_KEY}\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`
  );
}
