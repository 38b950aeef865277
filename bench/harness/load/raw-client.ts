// One client of the load: a TCP socket with a hand-made WebSocket on it, which sends moves and counts what comes.
import { connect, type Socket } from "node:net";
import { upgradeRequest } from "../upgrade-request.ts";
import type { Dialect } from "./dialects.ts";
import { FrameCounter } from "./frame-counter.ts";
import { CLOSE, maskedFrame, PING, PONG } from "./masked-frame.ts";

/** One buffer for all sockets: each read is dealt with before the next one begins. */
const inbox = Buffer.allocUnsafe(256 * 1024);

const END_OF_HEADERS = "\r\n\r\n";

/** A client that does as little as a client can. */
export class RawClient {
  /** Bytes of TCP payload that have come. */
  bytes = 0;
  /** Messages with state that have come. */
  states = 0;
  /** Moves that were sent. */
  sent = 0;
  /** Why the connection ended, if it has. */
  ended: string | undefined;
  /** Settled as soon as the client is in the game, or cannot be. */
  readonly joined: Promise<void>;

  readonly #dialect: Dialect;
  readonly #socket: Socket;
  readonly #counter: FrameCounter;
  #welcome!: () => void;
  #refuse!: (error: Error) => void;
  /** The answer to the upgrade, until it is complete. */
  #headers: string | undefined = "";

  constructor(dialect: Dialect, port: number, path: string) {
    this.#dialect = dialect;
    this.joined = new Promise((resolve, reject) => {
      this.#welcome = resolve;
      this.#refuse = reject;
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
        buffer: inbox,
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

  /** Sends a move: the index of its direction. */
  move(direction: number): void {
    if (this.ended !== undefined) return;
    this.sent++;
    this.#socket.write(this.#dialect.moves[direction]!);
  }

  /** Ends the connection without a word; `ended` stays as it is. */
  destroy(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #read(length: number): void {
    this.bytes += length;
    let start = 0;
    if (this.#headers !== undefined) {
      const before = this.#headers.length;
      this.#headers += inbox.toString("latin1", 0, length);
      const end = this.#headers.indexOf(END_OF_HEADERS);
      if (end < 0) return;
      const status = this.#headers.slice(0, this.#headers.indexOf("\r\n"));
      if (!status.includes(" 101 ")) {
        this.#end(`the upgrade got "${status}"`);
        return;
      }
      start = end + END_OF_HEADERS.length - before;
      this.#headers = undefined;
    }
    this.#counter.push(inbox, start, length);
  }

  #message(first: number): void {
    if (this.#dialect.isState(first)) this.states++;
    const reply = this.#dialect.reply(first);
    if (reply) this.#socket.write(reply);
    if (this.#dialect.isWelcome(first)) this.#welcome();
  }

  #control(opcode: number, payload: Uint8Array): void {
    if (opcode === PING) this.#socket.write(maskedFrame(PONG, payload));
    if (opcode !== CLOSE) return;
    const [high = 0, low = 0] = payload;
    this.#end(`the server closed with ${high * 256 + low} ${Buffer.from(payload.subarray(2)).toString()}`.trim());
  }

  #end(why: string): void {
    this.ended ??= why;
    this.#refuse(new Error(why));
    this.#socket.destroy();
  }
}
