// Reads the frames with which a room sends a message to a client.
import { decode } from "@colyseus/schema";
import { unpack } from "msgpackr";

/**
 * Returns the type and the content of the message in a frame. The frame consists of a code, the type, and the content
 * in MessagePack.
 */
export function readMessage(frame: Uint8Array): { type: string | number; content: unknown } {
  const at = { offset: 1 };
  const type = decode.stringCheck(frame, at) ? decode.string(frame, at) : decode.number(frame, at);
  return { type, content: at.offset < frame.length ? unpack(frame.subarray(at.offset)) : undefined };
}
