// Builds WebSocket frames as a client sends them. The load builds its few frames once and writes them repeatedly.

export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** The masking key. It is not zero: a server may skip the unmasking for a zero key, which no browser sends. */
const KEY = [0x37, 0xfa, 0x21, 0x3d] as const;

/** The maximum length of a payload, in bytes, that fits the second byte of a header. */
const MAX_SHORT_LENGTH = 125;

/**
 * Returns one complete, masked frame.
 * @param payload up to 125 bytes; a player's move is far shorter.
 * @throws {Error} if the payload is longer.
 */
export function maskedFrame(opcode: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload as Uint8Array);
  if (bytes.length > MAX_SHORT_LENGTH)
    throw new Error(`payload too long: ${bytes.length} bytes; expected at most ${MAX_SHORT_LENGTH}`);
  const masked = bytes.map((byte, index) => byte ^ KEY[index % KEY.length]!);
  return Buffer.from([0x80 | opcode, 0x80 | bytes.length, ...KEY, ...masked]);
}
