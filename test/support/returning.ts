// Players that rejoin automatically: each signs in once, walks, and joins again whenever it has lost its room.
import { Client, type Room } from "@colyseus/sdk";
import { ProtocolModifier } from "colyseus";
import type { WorldState } from "../../schema/world-state.ts";
import { until } from "./until.ts";

interface Figure {
  name: string;
  x: number;
  y: number;
  facing: number;
}

const WORDS = ["left", "right", "up", "down"];

/** The mean time between two attempts to join, in milliseconds. */
const RETRY_MS = 200;

/** A player that rejoins after each disconnection until `end` is called. */
export class Returning {
  room: Room<unknown, WorldState> | undefined;
  /** The close code with which the connection to the last room ended. */
  left: number | undefined;
  /** The server's clock at each patch, in ms since the room was created. */
  readonly ticks = new Set<number>();
  readonly #client: Client;
  readonly #options: object;
  #walking: ReturnType<typeof setInterval> | undefined;
  #ended = false;

  private constructor(client: Client, options: object) {
    this.#client = client;
    this.#options = options;
  }

  /** Signs in at `http://host:port` and joins. */
  static async join(url: string, options: object): Promise<Returning> {
    const client = new Client(url);
    // All SDK clients of a process share a token store. The next line removes the token that another player stored.
    client.auth.token = undefined as unknown as string;
    await client.auth.signInAnonymously();
    const player = new Returning(client, options);
    await player.#join();
    return player;
  }

  /** The player id in the token. */
  get id(): string {
    return JSON.parse(Buffer.from(this.#client.auth.token!.split(".")[1]!, "base64url").toString()).id;
  }

  /** A copy of this client's own player, as last received. */
  get figure(): Figure | undefined {
    const self = this.room?.state.players?.get(this.room.sessionId);
    return self && { name: self.name, x: self.x, y: self.y, facing: self.facing };
  }

  /** Walks one step per tick, in a new random direction each second. */
  walk(): void {
    this.stand();
    // If a test fails, its pending code may still call this method after `end`.
    if (this.#ended) return;
    let word = "left";
    let steps = Math.floor(Math.random() * 20);
    this.#walking = setInterval(() => {
      if (steps++ % 20 === 0) word = WORDS[Math.floor(Math.random() * 4)]!;
      if (this.room?.connection.isOpen) this.room.send("move", word);
    }, 50);
  }

  stand(): void {
    clearInterval(this.#walking);
  }

  /** Leaves and does not rejoin. */
  async end(): Promise<void> {
    this.#ended = true;
    this.stand();
    if (this.room?.connection.isOpen) await this.room.leave();
  }

  async #join(): Promise<void> {
    const room = await this.#client.joinOrCreate<WorldState>("world", this.#options);
    // A killed server has lost its seats, so these players join again instead of reconnecting.
    room.reconnection.enabled = false;
    const { onmessage } = room.connection.events;
    room.connection.events.onmessage = (event) => {
      const frame = new DataView(event.data);
      if (frame.getUint8(0) & ProtocolModifier.TIMED) this.ticks.add(frame.getUint32(1, true));
      onmessage?.(event);
    };
    room.onLeave((code) => {
      this.left = code;
      if (!this.#ended) void this.#rejoin();
    });
    await until(() => room.state.players?.has(room.sessionId));
    this.room = room;
  }

  async #rejoin(): Promise<void> {
    while (!this.#ended) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())));
      try {
        return await this.#join();
      } catch {
        // The server does not accept joins yet, so the loop tries again.
      }
    }
  }
}
