// A client of the room protocol without an SDK: a seat by HTTP, then the very frames, in and out.
import { WebSocket } from "ws";
import { until } from "./until.ts";

/** What matchmaking answers. */
export interface Seat {
  name: string;
  sessionId: string;
  roomId: string;
  processId: string;
}

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
    const { processId, roomId, sessionId } = seat;
    this.socket = new WebSocket(
      `${server.replace("http", "ws")}/${processId}/${roomId}?sessionId=${sessionId}${query}`,
    );
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
    const answer = await fetch(`${server}/matchmake/joinOrCreate/world`, {
      method: "POST",
      // Kept alive, it would keep the test from ending.
      headers: { "content-type": "application/json", connection: "close", ...headers },
      body: JSON.stringify(options),
    });
    const player = new RawPlayer(server, (await answer.json()) as Seat);
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
