// The socket of a client as the rooms in the authority see it. The real socket is in some process of the cluster.
import { EventEmitter } from "node:events";
import { CloseCode } from "colyseus";
import WebSocket from "ws";
import type { Transport } from "../telemetry/transports.ts";
import type { ProcessId } from "./core/ports.ts";

/** The real socket of a client. */
export interface RealSocket {
  /** The process that has this socket. */
  readonly process: ProcessId;
  /** The id of the connection. */
  readonly id: string;
  readonly transport: Transport;
  readonly address: string | undefined;
}

/** Passes frames on to the process that has the real socket. */
export interface RemoteConnection {
  /** Called before the first frame. */
  open(): void;
  send(frame: Uint8Array): void;
  close(code: number, reason: string | undefined): void;
}

/** The `ref` property of one of the framework's clients. It emits `message` and `close`. */
export class RemoteSocket extends EventEmitter {
  readonly transport: Transport;
  readonly address: string | undefined;
  /** Always false, because backpressure is handled by the process that has the real socket. */
  readonly isBackpressured = false;
  readyState: number = WebSocket.OPEN;
  readonly #connection: RemoteConnection;
  #hasSent = false;

  constructor(connection: RemoteConnection, { transport, address }: Pick<RealSocket, "transport" | "address">) {
    super();
    this.#connection = connection;
    this.transport = transport;
    this.address = address;
  }

  /** Whether the connection is open and frames have been sent to the client. */
  get isOpen(): boolean {
    return this.#hasSent && this.readyState === WebSocket.OPEN;
  }

  /** Called by the framework's client. */
  send(frame: Uint8Array, _options?: object, callback?: () => void): void {
    if (this.readyState === WebSocket.OPEN) {
      this.#open();
      this.#connection.send(frame);
    }
    if (callback) process.nextTick(callback);
  }

  /**
   * Called by the framework's client. The connection counts as closed at once, even before the process that has the
   * real socket reports the end.
   */
  close(code: number = CloseCode.NORMAL_CLOSURE, reason?: string): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.readyState = WebSocket.CLOSING;
    if (this.#hasSent) this.#connection.close(code, reason);
    process.nextTick(() => this.ended(code));
  }

  /**
   * Called when the connection has ended. A plain connection cannot be resumed. So its end counts as a leave, and the
   * room holds no seat, even if the process of the connection was lost.
   */
  ended(code: number): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this.emit("close", this.transport === "plain" ? CloseCode.CONSENTED : code);
  }

  #open(): void {
    if (this.#hasSent) return;
    this.#hasSent = true;
    this.#connection.open();
  }
}
