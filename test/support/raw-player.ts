// A client of the room protocol without an SDK: a seat by HTTP, then the very frames, in and out.
import { WebSocket } from "ws";
import { pathOf, type Seat, takeSeat } from "./seat.ts";
import { until } from "./until.ts";

const HANDSHAKE = 0x0a;

/** One connection to a room, with every frame it was sent. */
export class RawPlayer {
  readonly seat: Seat;
  readonly frames: Buffer[] = [];
  closed: number | undefined;
  readonly socket: WebSocket;

  /** Connects to a seat, and answers the handshake. `query`: more of the address, beginning with `&`. */
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

  /** Takes a seat and waits for the full state. */
  static async join(server: string, options: object, headers: Record<string, string> = {}): Promise<RawPlayer> {
    const player = new RawPlayer(server, await takeSeat(server, options, headers));
    await until(() => player.frames.length > 1);
    return player;
  }

  send(frame: Uint8Array): void {
    this.socket.send(frame);
  }

  /** The token of the handshake, by which a broken connection is taken up again. */
  get reconnectionToken(): string {
    const handshake = this.frames[0]!;
    return handshake.toString("utf8", 2, 2 + handshake[1]!);
  }
}
