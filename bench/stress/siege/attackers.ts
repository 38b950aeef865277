// The attackers, in a child process: a client that sends a flood of messages, slow consumers that never read, clients
// that say hostile texts, and connections that do not join.
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../../contenders/contenders.ts";
import { serve } from "../../harness/ipc.ts";
import { BINARY, maskedFrame, PONG } from "../../harness/load/masked-frame.ts";
import { upgradeRequest } from "../../harness/upgrade-request.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";

/** The figures of the flooding client. */
export interface FloodFigures {
  /** Frames sent, and successful joins. The client joins again at once when it is disconnected. */
  sent: number;
  joins: number;
  /** Refused joins. */
  refused: number;
}

/** The number of connected and of disconnected slow consumers. */
export interface SlowConsumerFigures {
  open: number;
  cut: number;
}

/** The number of texts sent, and the number of clients that the server has disconnected. */
export interface SayFigures {
  sent: number;
  cut: number;
}

/** The number of connections by kind. */
export type ConnectionCounts = Record<string, number>;

/** The requests that the parent process sends to the attackers. */
export interface AttackerRequests {
  /** Starts one client that sends this number of frames per second. */
  flood(argument: { port: number; perSecond: number }): void;
  floodFigures(argument: null): FloodFigures;
  /** Starts `count` clients that join and never read. They send invalid moves and unsolicited pongs. */
  slowConsumers(argument: { port: number; count: number }): Promise<void>;
  slowConsumerFigures(argument: null): SlowConsumerFigures;
  /** Starts this number of clients, which say nothing yet. */
  speakers(argument: { port: number; count: number }): Promise<void>;
  /** Makes the speakers say this number of hostile texts per second in all. */
  speak(argument: number): void;
  sayFigures(argument: null): SayFigures;
  /** Opens this number of connections, which do not join. Drops most of them, and half-closes the others. */
  connect(argument: { port: number; connections: number }): Promise<ConnectionCounts>;
  halt(argument: null): void;
}

/** The interval of the flood's bursts, in milliseconds. */
const BURST_MS = 20;

/** Milliseconds between two invalid moves of a slow consumer, and between two unsolicited pongs of a client. */
const BAD_MOVE_MS = 20;
const PONG_MS = 2000;

/** Milliseconds before the flooding client retries a refused join. */
const RETRY_MS = 100;

/** The maximum number of concurrent connections that do not join. */
const AT_ONCE = 200;

/** Milliseconds for which a connection that does not join stays open. */
const STAY_MS = 50;

const { dialect } = contender("sabang");
const MOVE = dialect.moves[0]!;
const BAD_MOVE = maskedFrame(BINARY, Uint8Array.of(0x0d, 0xa4, ...Buffer.from("move"), 0xa5, ...Buffer.from("north")));
const ACKNOWLEDGEMENT = maskedFrame(BINARY, Uint8Array.of(0x0a));
const UNSOLICITED_PONG = maskedFrame(PONG, "");

/** The frames of the hostile texts. MessagePack encodes a string of up to 64 kB as 0xda, the length, and the bytes. */
const SAYS = Object.values(HOSTILE_TEXTS).map((text) => {
  const bytes = Buffer.from(text);
  const content = Buffer.concat([Buffer.of(0xda, bytes.length >> 8, bytes.length & 0xff), bytes]);
  return maskedFrame(BINARY, Buffer.concat([Buffer.of(0x0d, 0xa3), Buffer.from("say"), content]));
});

const floodFigures = { sent: 0, joins: 0, refused: 0 };
const slowConsumers: Socket[] = [];
const speakers: Socket[] = [];
let said = 0;
const timers: NodeJS.Timeout[] = [];
let halted = false;

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  socket.on("error", () => {});
  await new Promise((resolve) => {
    socket.once("connect", resolve);
    socket.once("close", resolve);
  });
  return socket;
}

/** Joins the room. Resolves after the handshake. */
async function join(port: number): Promise<Socket> {
  const { path } = await dialect.seat(port, "attacker");
  const socket = await open(port);
  const answered = new Promise((resolve) => {
    socket.once("data", resolve);
    socket.once("close", resolve);
  });
  socket.write(upgradeRequest(path));
  await answered;
  socket.write(ACKNOWLEDGEMENT);
  return socket;
}

/** Sends pongs. Without them, the server would disconnect clients that send nothing else. Returns the timer. */
function keepAlive(sockets: readonly Socket[]): NodeJS.Timeout {
  return setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write(UNSOLICITED_PONG);
  }, PONG_MS);
}

async function flood(port: number, perSecond: number): Promise<void> {
  while (!halted) {
    try {
      const socket = await join(port);
      floodFigures.joins++;
      socket.resume();
      const burst = Buffer.concat(Array(Math.round((perSecond * BURST_MS) / 1000)).fill(MOVE));
      // The client ignores close frames and sends until the connection is closed.
      let due = performance.now();
      while (!socket.destroyed && !halted) {
        for (; due < performance.now(); due += BURST_MS) {
          socket.write(burst);
          floodFigures.sent += burst.length / MOVE.length;
        }
        await wait(BURST_MS / 2);
        if (socket.readableEnded) socket.destroy();
      }
    } catch {
      floodFigures.refused++;
      await wait(RETRY_MS);
    }
  }
}

async function connectMany({
  port,
  connections,
}: Parameters<AttackerRequests["connect"]>[0]): Promise<ConnectionCounts> {
  const kinds: Record<string, (socket: Socket) => void> = {
    silent: () => {},
    "incomplete request": (socket) => socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Half: "),
    "incomplete upgrade": (socket) => socket.write(upgradeRequest("/websocket").slice(0, 80)),
    "refused upgrade": (socket) => {
      socket.resume();
      socket.write(upgradeRequest("/nowhere"));
    },
    "upgrade without a seat": (socket) => socket.write(upgradeRequest("/abc/def?sessionId=ghi")),
    "upgrade, then silent": (socket) => socket.write(upgradeRequest("/")),
    "upgrade and incomplete frame": (socket) =>
      socket.write(Buffer.concat([Buffer.from(upgradeRequest("/")), MOVE.subarray(0, 5)])),
    "upgrade, then reset": (socket) => {
      socket.write(upgradeRequest("/"));
      socket.resetAndDestroy();
    },
    "incomplete body": (socket) =>
      socket.write(
        "POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
      ),
  };
  const counts: ConnectionCounts = {};
  let next = 0;
  const openInSequence = async () => {
    while (next < connections) {
      const number = next++;
      const names = Object.keys(kinds);
      const name = names[number % names.length]!;
      counts[name] = (counts[name] ?? 0) + 1;
      const socket = await open(port);
      if (number % 2) socket.resume();
      kinds[name]!(socket);
      await wait(STAY_MS);
      // One third of the connections are closed, one third are reset, and one third are left half open.
      if (number % 3 === 0) socket.destroy();
      else if (number % 3 === 1) socket.resetAndDestroy();
      else {
        socket.end();
        halfOpen.push(socket);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, openInSequence));
  return counts;
}

/** Half-open connections. They stay until the server ends them. */
const halfOpen: Socket[] = [];

serve({
  flood: ({ port, perSecond }) => {
    void flood(port, perSecond);
  },
  floodFigures: () => ({ ...floodFigures }),
  slowConsumers: async ({ port, count }) => {
    for (let i = 0; i < count; i++) {
      const socket = await join(port);
      socket.pause();
      slowConsumers.push(socket);
    }
    timers.push(
      setInterval(() => {
        for (const socket of slowConsumers) if (!socket.destroyed) socket.write(BAD_MOVE);
      }, BAD_MOVE_MS),
      keepAlive(slowConsumers),
    );
  },
  slowConsumerFigures: () => {
    const cut = slowConsumers.filter(({ destroyed }) => destroyed).length;
    return { open: slowConsumers.length - cut, cut };
  },
  speakers: async ({ port, count }) => {
    for (let i = 0; i < count; i++) {
      const socket = await join(port);
      socket.resume();
      speakers.push(socket);
    }
    timers.push(keepAlive(speakers));
  },
  speak: (perSecond) => {
    const start = performance.now();
    timers.push(
      setInterval(() => {
        const due = Math.floor(((performance.now() - start) / 1000) * perSecond);
        for (; said < due; said++) {
          const socket = speakers[said % speakers.length]!;
          if (!socket.destroyed) socket.write(SAYS[Math.floor(said / speakers.length) % SAYS.length]!);
        }
      }, BURST_MS),
    );
  },
  sayFigures: () => ({ sent: said, cut: speakers.filter(({ readableEnded }) => readableEnded).length }),
  connect: connectMany,
  halt: () => {
    halted = true;
    for (const timer of timers) clearInterval(timer);
    for (const socket of [...slowConsumers, ...speakers, ...halfOpen]) socket.destroy();
  },
} satisfies AttackerRequests);
