// A WebSocket with a rate limit for received messages and a size limit for its send buffer.
import type { Duplex } from "node:stream";
import { logger } from "colyseus";
import WebSocket from "ws";
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
  /** Seconds for which a client may be backpressured; 15 by default. */
  maxBackpressureSeconds?: number | undefined;
  /** Maps connections to client addresses. */
  addresses: Pick<Addresses, "ofSocket">;
  /** Counts frames and refusals. */
  edgeCounters: EdgeCounters;
}

/**
 * The burst that the rate limit accepts, in seconds of messages at the allowed rate. A network that recovers delivers
 * all that it had queued, and a full queue drops 2000 moves at once without harm. One second more is for the messages
 * of a join.
 */
const BURST_SECONDS = 21;

/**
 * The fill level of the send buffer above which a client is backpressured and gets no patches, as a fraction of its
 * limit.
 */
const BACKPRESSURE_THRESHOLD = 1 / 4;

/**
 * The default of `maxBackpressureSeconds`. The heartbeat terminates silent clients earlier. This limit is for clients
 * that send but do not read.
 */
const MAX_BACKPRESSURE_SECONDS = 15;

/**
 * Beats without a sign of life after which a connection is terminated. With a beat every 2 seconds that is after 6 to 8
 * seconds, with two pings in the last 4.
 */
const MAX_SILENT_BEATS = 3;

/** The close code that `ws` reports for a connection that ended without a closing handshake. */
const ABNORMAL_CLOSURE = 1006;

/**
 * The time in seconds, updated every 250 ms. Reading it costs nothing, and it is precise enough for limits in seconds.
 */
let now = 0;
setInterval(() => {
  now = performance.now() / 1000;
}, 250).unref();

/** The socket of a client. For the option `WebSocket` of a `ws` server whose options have `limits`. */
export class LimitedSocket extends FastSocket {
  readonly #addresses: Pick<Addresses, "ofSocket">;
  readonly #edgeCounters: EdgeCounters;
  readonly #secondsPerMessage: number;
  readonly #maxQueuedBytes: number;
  readonly #maxBackpressureSeconds: number;
  /** The time, in seconds, at which the messages so far would end if the client sent them at the allowed rate. */
  #rateLimitedUntil = 0;
  /** Beats since the last sign of life. */
  #silentBeats = 0;
  /** The time, in seconds, since which the client was backpressured at each sign of life; Infinity if it is not. */
  #backpressuredSince = Number.POSITIVE_INFINITY;
  #closeCode: number | undefined;

  /** Called by `ws`, with the options of the server and without address and protocols. */
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

  /** The client's address, as the limits count it. */
  get address(): string | undefined {
    return this.#addresses.ofSocket((this as unknown as { _socket: Duplex })._socket);
  }

  /** Whether too many bytes are queued to send the client another patch. */
  get isBackpressured(): boolean {
    return this.mayHaveQueuedBytes && this.#queuedBytes() > this.#maxQueuedBytes * BACKPRESSURE_THRESHOLD;
  }

  override send(data: unknown, options?: unknown, callback?: unknown): void {
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : (data as Uint8Array).length;
    if (this.#admitFrame(bytes)) super.send(data, options, callback);
  }

  override sendInPlace(bytes: Buffer, start: number, end: number): void {
    if (this.#admitFrame(end - start)) super.sendInPlace(bytes, start, end);
  }

  /**
   * Returns whether a frame may be sent, and counts it if so. Closes the connection if the send buffer is full. A
   * closed socket accepts every frame, because `send` itself reports that error.
   */
  #admitFrame(bytes: number): boolean {
    if (this.readyState !== WebSocket.OPEN) return true;
    if (this.mayHaveQueuedBytes && this.#queuedBytes() > this.#maxQueuedBytes) {
      // The close frame is queued behind the other bytes. A client that does not read it in time is terminated.
      this.refuse("slowConsumer");
      return false;
    }
    this.#edgeCounters.framesOut++;
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
    this.#closeCode ??= code;
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
    // Reports our own close code even if the client never answers the close frame. The room would take 1006 for a lost
    // connection, and hold a seat for a client that broke the protocol.
    else if (event === "close") {
      this.#edgeCounters.sockets.delete(this);
      if (value === ABNORMAL_CLOSURE) return super.emit(event, this.#closeCode ?? ABNORMAL_CLOSURE, more);
    }
    // A protocol error of the client is not an error of the server. ws closes the connection with the right code.
    else if (event === "error") {
      logger.debug({ err: value }, "connection error caused by the client");
      return true;
    }
    return super.emit(event, value, more);
  }

  /**
   * Returns the number of queued bytes. `bufferedAmount` reads three objects; `mayHaveQueuedBytes` avoids most calls.
   */
  #queuedBytes(): number {
    const bytes = this.bufferedAmount;
    this.mayHaveQueuedBytes = bytes > 0;
    return bytes;
  }

  /** Counts a received frame that is not emitted. */
  protected countDiscardedFrame(): void {
    this.#edgeCounters.framesIn++;
  }

  /** Closes the connection with an error, and counts and logs the refusal. */
  protected refuse(reason: "badFrame" | "flooding" | "slowConsumer"): void {
    this.#edgeCounters.onRefused(reason, this.address);
    this.close(ERRORS[reason].code, ERRORS[reason].message);
  }
}
