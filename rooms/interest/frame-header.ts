// The header of a binary WebSocket frame that a server sends (RFC 6455, section 5.2).

/** The first byte of an unfragmented binary message: FIN and opcode 2. */
export const BINARY = 0x82;

/** The longest payload, in bytes, whose length is stored in the second byte of the header. */
export const MAX_SHORT_PAYLOAD = 125;

/** The longest payload, in bytes, for which `writeFrameHeader` can write a header. */
export const MAX_PAYLOAD = 0xffff;

/** The length of the longest header that `writeFrameHeader` writes, in bytes. */
export const MAX_HEADER_BYTES = 4;

/**
 * Writes a header before its payload, which begins at `payloadStart` and has up to MAX_PAYLOAD bytes. Frames from a
 * server are not masked (RFC 6455, section 5.1).
 * @returns the offset at which the frame begins.
 */
export function writeFrameHeader(bytes: Uint8Array, payloadStart: number, length: number): number {
  if (length <= MAX_SHORT_PAYLOAD) {
    bytes[payloadStart - 2] = BINARY;
    bytes[payloadStart - 1] = length;
    return payloadStart - 2;
  }
  bytes[payloadStart - 4] = BINARY;
  bytes[payloadStart - 3] = MAX_SHORT_PAYLOAD + 1;
  bytes[payloadStart - 2] = length >> 8;
  bytes[payloadStart - 1] = length & 0xff;
  return payloadStart - MAX_HEADER_BYTES;
}

/** Returns a frame with a copy of this payload of up to MAX_PAYLOAD bytes. */
export function frameOf(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(MAX_HEADER_BYTES + payload.length);
  frame.set(payload, MAX_HEADER_BYTES);
  return frame.subarray(writeFrameHeader(frame, MAX_HEADER_BYTES, payload.length));
}
