// One client of the load: a minimal WebSocket client on a TCP socket. It sends moves and counts bytes and state
// messages.
import { connect, type Socket } from "node:net";
import { upgradeRequest } from "../upgrade-request.ts";
import type { Dialect } from "./dialects.ts";
import { FrameCounter } from "./frame-counter.ts";
import { CLOSE, maskedFrame, PING, PONG } from "./masked-frame.ts";

/** The read buffer of all sockets. They can share it, because each read is processed before the next one begins. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

const END_OF_HEADERS = "\r\n\r\n";

/** A WebSocket client that decodes no payloads, so that thousands of clients need little CPU time. */
export class RawClient {
  /** Bytes of TCP payload received. */
  bytes = 0;
  /** Messages with state received. */
  states = 0;
  /** Texts received, including the texts of its own player. */
  heard = 0;
  /** Moves sent. */
  sent = 0;
  /** The reason why the connection ended; undefined while it is open. */
  ended: string | undefined;
  /** Resolves when the client has joined; rejects if the connection ends. */
  readonly joined: Promise<void>;

  readonly #dialect: Dialect;
  readonly #socket: Socket;
  readonly #counter: FrameCounter;
  #resolveJoined!: () => void;
  #rejectJoined!: (error: Error) => void;
  /** The part of the upgrade response's headers that has arrived; undefined after the headers are complete. */
  #headers: string | undefined = "";

  constructor(dialect: Dialect, port: number, path: string) {
    this.#dialect = dialect;
    this.joined = new Promise((resolve, reject) => {
      this.#resolveJoined = resolve;
      this.#rejectJoined = reject;
    });
    this.#counter = new FrameCounter({
      message: (first) => this.#message(first),
      control: (opcode, payload) => this.#control(opcode, payload),
    });
    this.#socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length: number) => {
          this.#read(length);
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#end(error.message));
    this.#socket.on("close", () => this.#end("the server closed the connection"));
    this.#socket.write(upgradeRequest(path));
  }

  /** Sends a move. `direction` is an index of DIRECTIONS. */
  move(direction: number): void {
    if (this.ended !== undefined) return;
    this.sent++;
    this.#socket.write(this.#dialect.moves[direction]!);
  }

  /** Says a text, if the server has a message for texts. */
  say(): void {
    if (this.ended === undefined && this.#dialect.say) this.#socket.write(this.#dialect.say);
  }

  /** Destroys the connection without a close frame. `ended` does not change. */
  destroy(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #read(length: number): void {
    this.bytes += length;
    let start = 0;
    if (this.#headers !== undefined) {
      const before = this.#headers.length;
      this.#headers += readBuffer.toString("latin1", 0, length);
      const end = this.#headers.indexOf(END_OF_HEADERS);
      if (end < 0) return;
      const status = this.#headers.slice(0, this.#headers.indexOf("\r\n"));
      if (!status.includes(" 101 ")) {
        this.#end(`the WebSocket upgrade failed with "${status}"`);
        return;
      }
      start = end + END_OF_HEADERS.length - before;
      this.#headers = undefined;
    }
    this.#counter.push(readBuffer, start, length);
  }

  #message(first: number): void {
    if (this.#dialect.isState(first)) this.states++;
    else if (this.#dialect.isSay?.(first)) this.heard++;
    const reply = this.#dialect.reply(first);
    if (reply) this.#socket.write(reply);
    if (this.#dialect.isWelcome(first)) this.#resolveJoined();
  }

  #control(opcode: number, payload: Uint8Array): void {
    if (opcode === PING) this.#socket.write(maskedFrame(PONG, payload));
    if (opcode !== CLOSE) return;
    const [high = 0, low = 0] = payload;
    const reason = Buffer.from(payload.subarray(2)).toString();
    this.#end(`the server closed with ${high * 256 + low} ${reason}`.trim());
  }

  #end(reason: string): void {
    this.ended ??= reason;
    this.#rejectJoined(new Error(reason));
    this.#socket.destroy();
  }
}
