// A WebSocket with limits: how much it takes from who floods, and how much it keeps for who does not read.
import type { Duplex } from "node:stream";
import { logger } from "colyseus";
import WebSocket from "ws";
import { ERRORS } from "../../schema/errors.ts";
import type { Addresses } from "../edge/addresses.ts";
import type { EdgeCounters } from "../telemetry/edge-counters.ts";
import { FastSocket } from "./fast-socket.ts";

/** What every socket of a server keeps to. */
export interface SocketLimits {
  /** Frames that a client may send in the long run; 0 means no limit. */
  maxMessagesPerSecond: number;
  /** Bytes that may wait for a client that does not read. */
  maxSendBufferBytes: number;
  /** Seconds for which a client may be behind; 15 by default. */
  maxBehindSeconds?: number | undefined;
  /** Whom connections count for. */
  addresses: Pick<Addresses, "ofSocket">;
  /** Where frames and refusals are counted. */
  edgeCounters: EdgeCounters;
}

/**
 * Seconds of messages that may come at once. A burst is no flood: a network that comes back brings all that waited, and
 * 2000 moves at once are dropped by a full queue without harm. One second more is for what a join sends besides.
 */
const BURST_SECONDS = 21;

/** The part of what may wait for a client at which it is left out, until it has read on. */
const BEHIND = 1 / 4;

/**
 * Seconds for which a client may be behind, unless told otherwise. The heartbeat cuts a silent client before that; this is for
 * a client that sends and does not read.
 */
const MAX_BEHIND_SECONDS = 15;

/** Beats without a sign of life after which a connection is cut: six to eight seconds. In the last four it was asked twice. */
const SILENT_BEATS = 3;

/** What `ws` reports for a connection that ended without a closing handshake. */
const NO_HANDSHAKE = 1006;

/** The time in seconds, as of the last quarter of a second: for a count of seconds that is near enough, and free. */
let now = 0;
setInterval(() => {
  now = performance.now() / 1000;
}, 250).unref();

/** The socket of a client, for the `WebSocket` option of a `ws` server whose options have `limits`. */
export class LimitedSocket extends FastSocket {
  readonly #addresses: Pick<Addresses, "ofSocket">;
  readonly #edgeCounters: EdgeCounters;
  readonly #secondsPerMessage: number;
  readonly #maxBytes: number;
  readonly #maxBehindSeconds: number;
  /** Until when the messages so far would have taken, one by one at the rate that is allowed. In seconds. */
  #busyUntil = 0;
  /** Beats since the last sign of life. */
  #silentBeats = 0;
  /** Since when it was behind at each sign of life. In seconds. */
  #behindSince = Number.POSITIVE_INFINITY;
  #closedWith: number | undefined;

  /** As `ws` calls it: without address and protocols, with the options of the server. */
  constructor(address: null | string | URL, protocols?: unknown, options?: unknown) {
    super(address as string, protocols as string, options as WebSocket.ClientOptions);
    const { limits } = options as { limits: SocketLimits };
    const { addresses, maxMessagesPerSecond, maxSendBufferBytes, maxBehindSeconds, edgeCounters } = limits;
    this.#addresses = addresses;
    this.#edgeCounters = edgeCounters;
    edgeCounters.sockets.add(this);
    this.#secondsPerMessage = maxMessagesPerSecond > 0 ? 1 / maxMessagesPerSecond : 0;
    this.#maxBytes = maxSendBufferBytes;
    this.#maxBehindSeconds = maxBehindSeconds ?? MAX_BEHIND_SECONDS;
  }

  /** Whom the client counts for. */
  get address(): string | undefined {
    return this.#addresses.ofSocket((this as unknown as { _socket: Duplex })._socket);
  }

  /** Whether so much waits for the client that it is better left out until it has read on. */
  get isBackpressured(): boolean {
    return this.mayWait && this.#waiting() > this.#maxBytes * BEHIND;
  }

  override send(data: unknown, options?: unknown, callback?: unknown): void {
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : (data as Uint8Array).length;
    if (this.#mayTake(bytes)) super.send(data, options, callback);
  }

  override sendInPlace(bytes: Buffer, start: number, end: number): void {
    if (this.#mayTake(end - start)) super.sendInPlace(bytes, start, end);
  }

  /** Counts a frame that is about to be sent, unless too much waits already: then the connection is closed. */
  #mayTake(bytes: number): boolean {
    if (this.readyState !== WebSocket.OPEN) return true;
    if (this.mayWait && this.#waiting() > this.#maxBytes) {
      // The closing frame waits behind all the rest; who has not read it in time is cut.
      this.refuse("slowConsumer");
      return false;
    }
    this.#edgeCounters.framesOut++;
    this.#edgeCounters.bytesOut += bytes;
    return true;
  }

  /** Asks a silent client whether it is still there, and cuts the connection of one that does not answer. */
  beat(): void {
    this.#silentBeats++;
    if (this.#silentBeats > SILENT_BEATS) this.terminate();
    else if (this.#silentBeats > 1 && this.readyState === WebSocket.OPEN) this.ping();
  }

  override close(code?: number, reason?: string | Buffer): void {
    this.#closedWith ??= code;
    super.close(code, reason);
  }

  override emit(event: string | symbol, value?: unknown, more?: unknown): boolean {
    if (event === "message" || event === "ping" || event === "pong") {
      // What was still on its way when the connection was closed is not to be acted on.
      if (this.readyState !== WebSocket.OPEN) return false;
      if (event === "message") this.#edgeCounters.framesIn++;
      this.#silentBeats = 0;
      this.#busyUntil = Math.max(this.#busyUntil, now) + this.#secondsPerMessage;
      if (this.#busyUntil - now > BURST_SECONDS) {
        this.refuse("flooding");
        return false;
      }
      this.#behindSince = this.isBackpressured ? Math.min(this.#behindSince, now) : Number.POSITIVE_INFINITY;
      if (now - this.#behindSince > this.#maxBehindSeconds) {
        this.refuse("slowConsumer");
        return false;
      }
    }
    // Whoever we closed is gone for the reason we gave, even if it never answers. A bare 1006 would look like a lost
    // connection, and the room would hold a seat for who broke the protocol.
    else if (event === "close") {
      this.#edgeCounters.sockets.delete(this);
      if (value === NO_HANDSHAKE) return super.emit(event, this.#closedWith ?? NO_HANDSHAKE, more);
    }
    // A peer's fault is no error of ours: ws closes the connection with the right code by itself.
    else if (event === "error") {
      logger.debug({ err: value }, "a client broke its connection");
      return true;
    }
    return super.emit(event, value, more);
  }

  /** The bytes that wait. Adding them up takes three objects, so a client for whom nothing may wait is not asked. */
  #waiting(): number {
    const bytes = this.bufferedAmount;
    this.mayWait = bytes > 0;
    return bytes;
  }

  /** Counts a frame that nobody is to see. */
  protected takeUnseen(): void {
    this.#edgeCounters.framesIn++;
  }

  /** Closes the connection for one of the reasons that are counted. */
  protected refuse(reason: "badFrame" | "flooding" | "slowConsumer"): void {
    this.#edgeCounters.onRefused(reason, this.address);
    this.close(ERRORS[reason].code, ERRORS[reason].message);
  }
}
