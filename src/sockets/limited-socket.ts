// A WebSocket with a rate limit for received messages and a size limit for its send buffer.
import type { Duplex } from "node:stream";
import { logger } from "colyseus";
import WebSocket from "ws";
import type { FollowingFrames } from "../../rooms/interest/view.ts";
import { ERRORS } from "../../schema/errors.ts";
import type { Addresses } from "../edge/addresses.ts";
import type { EdgeCounters } from "../telemetry/edge-counters.ts";
import { FastSocket } from "./fast-socket.ts";

/** The limits of every socket of a server. */
export interface SocketLimits {
  /** Messages per second that a client may send on average; 0 means no limit. */
  maxMessagesPerSecond: number;
  /** Bytes that may be queued for a slow client. */
  maxSendBufferBytes: number;
  /**
   * Seconds for which a client may be backpressured; 15 by default. It is backpressured while too many bytes are queued
   * for it.
   */
  maxBackpressureSeconds?: number | undefined;
  /** Returns the client address of a connection. */
  addresses: Pick<Addresses, "ofSocket">;
  /** Counts frames and refusals. */
  edgeCounters: EdgeCounters;
}

/**
 * The largest accepted burst, as the number of seconds that it would take at the allowed rate. After an interruption, a
 * network delivers all queued messages at once. At the default rate, an interruption of 20 seconds queues 6000
 * messages. The room then drops the moves that do not fit into its queue. One more second is for the messages of a
 * join.
 */
const BURST_SECONDS = 21;

/**
 * The fill level of the send buffer above which a client is backpressured and gets no patches, as a fraction of the
 * buffer's limit.
 */
const BACKPRESSURE_THRESHOLD = 1 / 4;

/**
 * The default of `maxBackpressureSeconds`. The heartbeat terminates silent clients earlier. This limit is for clients
 * that send but do not read.
 */
const MAX_BACKPRESSURE_SECONDS = 15;

/**
 * A connection is terminated after more than this many heartbeats without a frame from the client. With a beat every 2
 * seconds, that takes 6 to 8 seconds. The client is pinged 4 and 2 seconds before the termination.
 */
const MAX_SILENT_BEATS = 3;

/** The close code that `ws` reports for a connection that ended without a closing handshake. */
export const ABNORMAL_CLOSURE = 1006;

/**
 * Close codes for an exceeded limit. The server sends such a code if the client exceeded a limit of the server. A
 * client sends such a code if the server exceeded a limit of the client. The room must treat a connection as lost if
 * the client has closed it with such a code.
 */
const LIMIT_CODES = [1008, 1009];

/**
 * The current time in seconds, updated every 250 ms. It is cheaper to read than the clock, and precise enough for
 * limits in seconds.
 */
let now = 0;
setInterval(() => {
  now = performance.now() / 1000;
}, 250).unref();

/** The socket of a client. Pass this class as the `WebSocket` option of a `ws` server whose options have `limits`. */
export class LimitedSocket extends FastSocket {
  readonly #addresses: Pick<Addresses, "ofSocket">;
  readonly #edgeCounters: EdgeCounters;
  readonly #secondsPerMessage: number;
  readonly #maxQueuedBytes: number;
  readonly #maxBackpressureSeconds: number;
  /**
   * The moment, in seconds, at which a client that keeps to the allowed rate would send its next message. Each message
   * moves it forward by 1 / maxMessagesPerSecond. The current burst is the number of seconds from `now` to this moment.
   */
  #rateLimitedUntil = 0;
  /** Beats of the heartbeat since the last frame from the client. */
  #silentBeats = 0;
  /**
   * The moment, in seconds, at which the client became backpressured. Infinity if it is not backpressured. Updated at
   * each frame from the client.
   */
  #backpressuredSince = Number.POSITIVE_INFINITY;
  #ownCloseCode: number | undefined;

  /** Called by the server of `ws`, which passes its options, but no address and no protocols. */
  constructor(address: null | string | URL, protocols?: unknown, options?: unknown) {
    super(address as string, protocols as string, options as WebSocket.ClientOptions);
    const { limits } = options as { limits: SocketLimits };
    const { addresses, maxMessagesPerSecond, maxSendBufferBytes, maxBackpressureSeconds, edgeCounters } = limits;
    this.#addresses = addresses;
    this.#edgeCounters = edgeCounters;
    edgeCounters.sockets.add(this);
    this.#secondsPerMessage = maxMessagesPerSecond > 0 ? 1 / maxMessagesPerSecond : 0;
    this.#maxQueuedBytes = maxSendBufferBytes;
    this.#maxBackpressureSeconds = maxBackpressureSeconds ?? MAX_BACKPRESSURE_SECONDS;
  }

  /** The client's address, under which the limits per address count it. */
  get address(): string | undefined {
    return this.#addresses.ofSocket((this as unknown as { _socket: Duplex })._socket);
  }

  /**
   * Whether the client is backpressured: it gets no further patches for now, because too many bytes are queued for it.
   */
  get isBackpressured(): boolean {
    return this.mayHaveQueuedBytes && this.#queuedBytes() > this.#maxQueuedBytes * BACKPRESSURE_THRESHOLD;
  }

  /**
   * The code with which the server has closed the connection. Undefined if the server has not closed the connection, or
   * if the client closed it first.
   */
  get ownCloseCode(): number | undefined {
    return this.#ownCloseCode;
  }

  override send(data: unknown, options?: unknown, callback?: unknown): void {
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : (data as Uint8Array).length;
    if (this.#admitFrames(bytes)) super.send(data, options, callback);
  }

  /**
   * Like `sendInPlace` of FastSocket. If the send buffer is full, this method sends nothing, closes the connection and
   * returns true.
   */
  override sendInPlace(bytes: Buffer, start: number, end: number, following?: FollowingFrames): boolean {
    if (!this.canSendDirectly(end - start)) return false;
    const isAdmitted = following
      ? this.#admitFrames(end - start + following.bytes, 1 + following.count)
      : this.#admitFrames(end - start);
    if (isAdmitted) this.writeInPlace(bytes, start, end, following);
    return true;
  }

  /**
   * Returns whether frames with this many bytes may be sent, and counts them. Closes the connection and returns false
   * if the send buffer is full. Returns true without counting if the socket is not open, because `send` itself reports
   * that error.
   */
  #admitFrames(bytes: number, count = 1): boolean {
    if (this.readyState !== WebSocket.OPEN) return true;
    if (this.mayHaveQueuedBytes && this.#queuedBytes() > this.#maxQueuedBytes) {
      // The close frame is queued after the other bytes. `ws` destroys the socket if the client does not read the close
      // frame in time.
      this.refuse("slowConsumer");
      return false;
    }
    this.#edgeCounters.framesOut += count;
    this.#edgeCounters.bytesOut += bytes;
    return true;
  }

  /** Called at each beat: pings a silent client, and terminates a connection that has not answered for too long. */
  beat(): void {
    this.#silentBeats++;
    if (this.#silentBeats > MAX_SILENT_BEATS) this.terminate();
    else if (this.#silentBeats > 1 && this.readyState === WebSocket.OPEN) this.ping();
  }

  override close(code?: number, reason?: string | Buffer): void {
    // `ws` also calls this method if the client closes the connection. The code is then the client's, not the server's.
    if (!(this as unknown as { _closeFrameReceived: boolean })._closeFrameReceived) this.#ownCloseCode ??= code;
    super.close(code, reason);
  }

  override emit(event: string | symbol, value?: unknown, more?: unknown): boolean {
    if (event === "message" || event === "ping" || event === "pong") {
      // Ignores frames that were in transit when the connection was closed.
      if (this.readyState !== WebSocket.OPEN) return false;
      if (event === "message") this.#edgeCounters.framesIn++;
      this.#silentBeats = 0;
      this.#rateLimitedUntil = Math.max(this.#rateLimitedUntil, now) + this.#secondsPerMessage;
      if (this.#rateLimitedUntil - now > BURST_SECONDS) {
        this.refuse("flooding");
        return false;
      }
      this.#backpressuredSince = this.isBackpressured
        ? Math.min(this.#backpressuredSince, now)
        : Number.POSITIVE_INFINITY;
      if (now - this.#backpressuredSince > this.#maxBackpressureSeconds) {
        this.refuse("slowConsumer");
        return false;
      }
    }
    // Reports the server's close code, whatever the client answers. A client that broke the protocol could otherwise
    // answer with the code of a lost connection. The room would then hold its seat.
    else if (event === "close") {
      this.#edgeCounters.sockets.delete(this);
      const code = LIMIT_CODES.includes(value as number) ? ABNORMAL_CLOSURE : value;
      return super.emit(event, this.#ownCloseCode ?? code, more);
    }
    // A protocol error of the client is not an error of the server, so it is logged only at the level `debug`. `ws`
    // closes the connection with the right code.
    else if (event === "error") {
      logger.debug({ err: value }, "connection error caused by the client");
      return true;
    }
    if (event !== "message") return super.emit(event, value, more);
    try {
      return super.emit(event, value, more);
    } catch (error) {
      // Does not throw the error again, because an uncaught exception would end the process.
      logger.error({ err: error }, "failed to process a client's frame; closing its connection");
      this.refuse("badFrame");
      return false;
    }
  }

  /**
   * Returns the number of queued bytes. Reading `bufferedAmount` is slow, so callers check `mayHaveQueuedBytes` first.
   */
  #queuedBytes(): number {
    const bytes = this.bufferedAmount;
    this.mayHaveQueuedBytes = bytes > 0;
    return bytes;
  }

  /** Counts a received frame that a subclass discards without emitting it. */
  protected countDiscardedFrame(): void {
    this.#edgeCounters.framesIn++;
  }

  /** Closes the connection with an error, and counts and logs the refusal. */
  protected refuse(reason: "badFrame" | "flooding" | "slowConsumer"): void {
    this.#edgeCounters.onRefused(reason, this.address);
    this.close(ERRORS[reason].code, ERRORS[reason].message);
  }
}
