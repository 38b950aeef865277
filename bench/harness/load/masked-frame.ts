// A WebSocket frame as a client sends it, made by hand and once: a load writes the same few frames over and over.

export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** Not all zero: a server may leave the unmasking out for a key of zeros, which no browser sends. */
const KEY = [0x37, 0xfa, 0x21, 0x3d] as const;

/** The largest payload whose length fits the second byte of a header. */
const SHORT = 125;

/**
 * One whole frame. `payload`: at most 125 bytes.
 * @throws for a longer payload: no move of a player comes near.
 */
export function maskedFrame(opcode: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload as Uint8Array);
  if (bytes.length > SHORT) throw new Error(`a payload of ${bytes.length} bytes; expected at most ${SHORT}`);
  const masked = bytes.map((byte, index) => byte ^ KEY[index % KEY.length]!);
  return Buffer.from([0x80 | opcode, 0x80 | bytes.length, ...KEY, ...masked]);
}
