// Memory that is used for one frame after the other. A buffer is a costly object for a few hundred bytes: here a view of
// each length is made once, and not once per frame.

/** Bytes that are kept free before a frame, for what a transport puts before it. */
const HEADROOM = 16;

/** A stretch of memory that is written anew for each frame. A frame stands at its end, so that there is room before it. */
export class Scratch {
  readonly #size: number;
  #memory: Buffer;
  #views: (Buffer | undefined)[] = [];

  /** `size`: the longest frame in bytes. */
  constructor(size: number) {
    this.#size = size;
    this.#memory = Buffer.allocUnsafeSlow(size + HEADROOM);
  }

  /** Whether a frame of so many bytes can be written here. */
  holds(length: number): boolean {
    return length <= this.#size;
  }

  /** The last `length` bytes, which hold whatever was written last. */
  last(length: number): Buffer {
    this.#views[length] ??= this.#memory.subarray(this.#memory.length - length);
    return this.#views[length];
  }

  /** Leaves the memory to who still has to read from it, and takes another one. */
  renew(): void {
    this.#memory = Buffer.allocUnsafeSlow(this.#size + HEADROOM);
    this.#views = [];
  }
}
