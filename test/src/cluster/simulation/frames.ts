// The frames between simulated clients and rooms. Each frame has a number and a direction. Frames from rooms have the
// direction 0.

/** Returns a frame with this number and direction. */
export function frameOf(number: number, direction = 0): Uint8Array {
  const frame = Buffer.allocUnsafe(5);
  frame[0] = number >>> 24;
  frame[1] = number >>> 16;
  frame[2] = number >>> 8;
  frame[3] = number;
  frame[4] = direction;
  return frame;
}

/** Returns the number of a frame. */
export function numberOfFrame(frame: Uint8Array): number {
  return frame[0]! * 2 ** 24 + frame[1]! * 2 ** 16 + frame[2]! * 2 ** 8 + frame[3]!;
}

/** Returns the direction of a frame. */
export function directionOfFrame(frame: Uint8Array): number {
  return frame[4]!;
}
