// A client that follows docs/protocol.md: a plain WebSocket that sends words and receives JSON.
import { WebSocket } from "ws";
import { ERRORS, type ErrorName } from "../../schema/errors.ts";
import { until } from "./until.ts";

/** A player on a plain WebSocket. Keeps all frames that it has received. */
export class PlainPlayer {
  readonly frames: Array<Record<string, unknown>> = [];
  readonly players = new Map<string, { x: number; y: number }>();
  readonly errors: Array<{ code: number; message: string }> = [];
  closed: { code: number; reason: string } | undefined;
  id = "";
  readonly socket: WebSocket;

  constructor(url: string, options: { headers?: Record<string, string> } = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.socket.on("error", () => {});
  }

  /** Connects to `http://host:port` and waits until the client knows its own player. */
  static async join(server: string, query = ""): Promise<PlainPlayer> {
    const player = new PlainPlayer(`${server.replace("http", "ws")}/websocket${query}`);
    await until(() => player.players.has(player.id));
    return player;
  }

  #receive(frame: Record<string, unknown>): void {
    this.frames.push(frame);
    if (frame.type === "welcome") this.id = frame.id as string;
    if (frame.type === "error") this.errors.push(frame as { code: number; message: string });
    if (frame.type === "players") {
      for (const [id, [x, y]] of Object.entries(frame.players as Record<string, [number, number]>)) {
        this.players.set(id, { x, y });
      }
      for (const id of frame.gone as string[]) this.players.delete(id);
    }
  }
}

/** Returns the error frame that a plain client receives for an error. */
export function plainError(name: ErrorName) {
  return { type: "error", name, ...ERRORS[name] };
}
