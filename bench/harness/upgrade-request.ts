// A request to become a WebSocket, for clients that are made by hand.

/** A key as browsers make one; the answer to it is known. */
export const UPGRADE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** The request as its text. `more`: header lines besides, each with its line break. */
export function upgradeRequest(path: string, more = ""): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: ${UPGRADE_KEY}\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`
  );
}
