// The players of the siege of a cluster, in a child process: unmodified SDK clients (guests and signed-in players) and
// plain WebSockets. Each walks, and comes back by itself when its connection is lost.
import { setTimeout as wait } from "node:timers/promises";
import { Client, CloseCode, type Room } from "@colyseus/sdk";
import { WebSocket } from "ws";
import type { MoveInput } from "../../../../schema/move-input.ts";
import type { WorldState } from "../../../../schema/world-state.ts";
import { DIRECTIONS } from "../../../harness/arena.ts";
import { serve } from "../../../harness/ipc.ts";
import { Walk } from "../../../harness/load/walk.ts";
import { MOVE_MS, type Position, type RoundFigures, Track } from "./track.ts";

/** The kinds of clients. */
const KINDS = ["guest", "known", "plain"] as const;
export type Kind = (typeof KINDS)[number];

/** One client after a round. */
export interface ClientRound extends RoundFigures {
  name: string;
  kind: Kind;
  /** The reason why the session has ended; undefined if it has not. A plain WebSocket has no session. */
  lost: string | undefined;
  /** Whether the client has joined or reconnected, and has received its own player since then. */
  isPlaying: boolean;
}

/** A client's own player, as the client sees it. */
export interface OwnPlayer {
  name: string;
  position: Position | undefined;
  /** Inputs that were sent and are not acknowledged yet; 0 for a plain WebSocket. */
  pending: number;
}

/** The requests that the parent process sends to the walkers. */
export interface WalkerRequests {
  /** Joins this number of clients through a balancer. */
  join(argument: { port: number; players: number }): Promise<void>;
  walk(argument: null): void;
  halt(argument: null): void;
  /**
   * Makes the SDK clients reconnect, one after the other. The balancer then distributes them over all processes.
   * Otherwise a process that was killed in a round would have no clients in the next round.
   */
  spread(argument: null): Promise<void>;
  /** Begins a round. */
  begin(argument: null): void;
  /** Returns the figures of the round so far. */
  round(argument: null): ClientRound[];
  players(argument: null): OwnPlayer[];
}

/** The maximum number of concurrent joins. */
const AT_ONCE = 16;

/** One in PLAIN_SHARE clients is a plain WebSocket. Half of all clients sign in. */
const PLAIN_SHARE = 6;

/** The clients take turns within MOVE_MS, so that they do not all send at once. */
const PHASES = 10;

/** The area in which each client walks around its start, in steps. It is small, so that no client reaches the edge. */
const WALK_AREA = { columns: 20, rows: 20 };

/** Milliseconds over which the reconnections of all clients are spread. */
const SPREAD_MS = 2000;

/** Milliseconds before a plain client joins again. */
const REJOIN_MS = 100;

/** Timeout for a client to receive its own player, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** A walking client. */
abstract class Walker {
  readonly name: string;
  readonly kind: Kind;
  readonly track = new Track();
  protected readonly walk: Walk;
  protected lost: string | undefined;

  constructor(index: number, kind: Kind) {
    this.name = `walker-${index}`;
    this.kind = kind;
    this.walk = new Walk(index, WALK_AREA);
  }

  abstract join(port: number): Promise<void>;
  /** Makes an SDK client reconnect. Does nothing for a plain WebSocket. */
  reconnect(): void {}
  /** Sends one move, if the client is connected. */
  abstract move(): void;
  abstract readonly isPlaying: boolean;
  protected abstract readonly pending: number;

  round(now: number): ClientRound {
    const { name, kind, lost, isPlaying } = this;
    return { name, kind, lost, isPlaying, ...this.track.figures(now) };
  }

  get own(): OwnPlayer {
    return { name: this.name, position: this.track.position, pending: this.pending };
  }
}

/** A client with the SDK. */
class SdkWalker extends Walker {
  readonly #token: string | undefined;
  #room: Room<unknown, WorldState> | undefined;
  #isReturning = false;

  constructor(index: number, token: string | undefined) {
    super(index, token === undefined ? "guest" : "known");
    this.#token = token;
  }

  async join(port: number): Promise<void> {
    const client = new Client(`http://127.0.0.1:${port}`);
    // All SDK clients of a process share one token, so each client sets its own token right before it joins.
    client.auth.token = this.#token as string;
    const room = await client.joinOrCreate<WorldState>("world", { name: this.name });
    this.#room = room;
    room.onMessage("*", () => {});
    room.onError(() => {});
    room.onDrop(() => {
      this.track.dropped();
      this.#isReturning = true;
    });
    room.onLeave((code, reason) => {
      this.lost = `closed with ${code} ${reason ?? ""}`.trim();
    });
    room.onStateChange(() => this.#onFrame());
    await until(() => this.isPlaying || this.lost !== undefined);
    if (this.lost !== undefined) throw new Error(`${this.name} ${this.lost}`);
  }

  override reconnect(): void {
    this.#room?.connection.close(CloseCode.MAY_TRY_RECONNECT);
  }

  #onFrame(): void {
    const self = this.#self;
    if (!self) return;
    const now = performance.now();
    const position = { x: self.x, y: self.y };
    if (this.#isReturning) {
      this.#isReturning = false;
      this.track.reconnected(now, position);
    }
    this.track.frame(now, this.#input!.lastProcessed, position);
  }

  get #self() {
    return this.#room?.state.players?.get(this.#room.sessionId);
  }

  get #input() {
    return this.#room?.input<MoveInput>();
  }

  get isPlaying(): boolean {
    return this.#self !== undefined && this.lost === undefined && !this.#isReturning;
  }

  protected get pending(): number {
    return this.#input?.pendingCount ?? 0;
  }

  move(): void {
    const input = this.#input;
    if (!input || !this.isPlaying) return;
    const direction = this.walk.next();
    input.data.direction = direction + 1;
    const number = input.send();
    if (number > 0) this.track.sent(number, direction);
  }
}

/** A plain WebSocket. It has no session: when its connection is lost, it joins again as another player. */
class PlainWalker extends Walker {
  #socket: WebSocket | undefined;
  #id: string | undefined;
  protected readonly pending = 0;

  constructor(index: number) {
    super(index, "plain");
  }

  async join(port: number): Promise<void> {
    this.#connect(port);
    await until(() => this.isPlaying);
  }

  #connect(port: number): void {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket?name=${this.name}`, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on("message", (data) => this.#onFrame(JSON.parse(String(data))));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#id !== undefined) this.track.dropped();
      this.#id = undefined;
      this.track.rejoined();
      setTimeout(() => this.#connect(port), REJOIN_MS);
    });
  }

  #onFrame(frame: { type: string; id: string; players?: Record<string, [x: number, y: number]> }): void {
    if (frame.type === "welcome") this.#id = frame.id;
    const [x, y] = frame.players?.[this.#id ?? ""] ?? [];
    if (x !== undefined && y !== undefined) this.track.plainFrame(performance.now(), { x, y });
  }

  get isPlaying(): boolean {
    return this.#id !== undefined && this.track.position !== undefined;
  }

  move(): void {
    if (!this.isPlaying || this.#socket!.readyState !== WebSocket.OPEN) return;
    this.#socket!.send(DIRECTIONS[this.walk.next()]!);
    this.track.plainSent();
  }
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error("a client has not received its player");
    await wait(5);
  }
}

async function createWalker(index: number, port: number): Promise<Walker> {
  if (index % PLAIN_SHARE === 0) return new PlainWalker(index);
  if (index % 2 === 0) return new SdkWalker(index, undefined);
  const client = new Client(`http://127.0.0.1:${port}`);
  client.auth.token = undefined as unknown as string;
  const { token } = await client.auth.signInAnonymously();
  return new SdkWalker(index, token);
}

// The SDK writes a line for each attempt to reconnect.
console.info = () => {};

// An SDK client may receive a late message from its old connection while its next connection is not open yet. The SDK
// throws an error when it answers this message. A browser reports such an error and goes on, but Node would end this
// process.
process.on("uncaughtException", (error) => {
  if (error.name !== "InvalidStateError") throw error;
  console.error(`a client failed to answer a message: ${error.message}`);
});

const walkers: Walker[] = [];
let timer: NodeJS.Timeout | undefined;

serve({
  join: async ({ port, players }) => {
    // Players sign in one after the other, because all SDK clients of a process share one token.
    for (let index = 0; index < players; index++) walkers.push(await createWalker(index, port));
    let next = 0;
    const joinInSequence = async () => {
      while (next < players) await walkers[next++]!.join(port);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, joinInSequence));
  },
  walk: () => {
    let phase = 0;
    timer = setInterval(() => {
      for (let index = phase; index < walkers.length; index += PHASES) walkers[index]!.move();
      phase = (phase + 1) % PHASES;
    }, MOVE_MS / PHASES);
  },
  halt: () => clearInterval(timer),
  spread: async () => {
    for (const walker of walkers) {
      walker.reconnect();
      await wait(SPREAD_MS / walkers.length);
    }
    await until(() => walkers.every(({ isPlaying }) => isPlaying));
  },
  begin: () => {
    const now = performance.now();
    for (const { track } of walkers) track.begin(now);
  },
  round: () => {
    const now = performance.now();
    return walkers.map((walker) => walker.round(now));
  },
  players: () => walkers.map(({ own }) => own),
} satisfies WalkerRequests);
