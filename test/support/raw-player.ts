// A client of the room protocol without an SDK: it reserves a seat by HTTP, then sends and receives raw frames.
import { WebSocket } from "ws";
import { pathOf, type Seat, takeSeat } from "./seat.ts";
import { until } from "./until.ts";

const HANDSHAKE = 0x0a;

/** A connection to a room. Keeps all frames that it has received. */
export class RawPlayer {
  readonly seat: Seat;
  readonly frames: Buffer[] = [];
  closed: number | undefined;
  readonly socket: WebSocket;

  /** Connects to a seat, and answers the handshake. `query` is appended to the path and begins with `&`. */
  constructor(server: string, seat: Seat, query = "") {
    this.seat = seat;
    this.socket = new WebSocket(server.replace("http", "ws") + pathOf(seat) + query);
    this.socket.on("message", (frame: Buffer) => {
      this.frames.push(frame);
      if (frame[0] === HANDSHAKE) this.socket.send(Buffer.of(HANDSHAKE));
    });
    this.socket.on("close", (code) => {
      this.closed = code;
    });
  }

  /** Reserves a seat, connects, and waits for the full state. */
  static async join(server: string, options: object, headers: Record<string, string> = {}): Promise<RawPlayer> {
    const player = new RawPlayer(server, await takeSeat(server, options, headers));
    await until(() => player.frames.length > 1);
    return player;
  }

  send(frame: Uint8Array): void {
    this.socket.send(frame);
  }

  /** The reconnection token in the handshake. */
  get reconnectionToken(): string {
    const handshake = this.frames[0]!;
    return handshake.toString("utf8", 2, 2 + handshake[1]!);
  }
}
