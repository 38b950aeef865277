// Builds WebSocket frames as a client sends them. The load builds its few frames once and writes them repeatedly.

export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** The masking key. It is not zero: browsers never use a zero key, and a server may skip unmasking for a zero key. */
const KEY = [0x37, 0xfa, 0x21, 0x3d] as const;

/**
 * The maximum payload lengths, in bytes. The second byte of a frame can hold a length of up to MAX_SHORT_LENGTH. The
 * third and the fourth byte together can hold a length of up to MAX_LENGTH.
 */
const MAX_SHORT_LENGTH = 125;
const MAX_LENGTH = 0xffff;

/**
 * Returns one complete, masked frame.
 * @param payload up to 65,535 bytes.
 * @throws {Error} if the payload is longer.
 */
export function maskedFrame(opcode: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload as Uint8Array);
  if (bytes.length > MAX_LENGTH)
    throw new Error(`payload too long: ${bytes.length} bytes; expected at most ${MAX_LENGTH}`);
  const masked = bytes.map((byte, index) => byte ^ KEY[index % KEY.length]!);
  const length =
    bytes.length <= MAX_SHORT_LENGTH ? [bytes.length] : [MAX_SHORT_LENGTH + 1, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.from([0x80 | opcode, 0x80 | length[0]!, ...length.slice(1), ...KEY, ...masked]);
}
