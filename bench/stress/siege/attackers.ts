// The other kind of clients, in a process of their own: one that floods, those that never read, those that come and go.
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../../contenders/contenders.ts";
import { serve } from "../../harness/ipc.ts";
import { BINARY, maskedFrame, PONG } from "../../harness/load/masked-frame.ts";
import { upgradeRequest } from "../../harness/upgrade-request.ts";

/** What a flooder got done. */
export interface FloodFigures {
  /** Frames that were sent, and joins that it took: who is cut joins again at once. */
  sent: number;
  joins: number;
  /** Joins that were refused. */
  refused: number;
}

/** What became of those who do not read. */
export interface DeafFigures {
  open: number;
  cut: number;
}

/** How many connections came, by what they did. */
export type Passers = Record<string, number>;

/** The orders of the attackers. */
export interface AttackerOrders {
  /** Begins to flood: one client, so many frames a second. */
  flood(argument: { port: number; perSecond: number }): void;
  flooded(argument: null): FloodFigures;
  /** So many clients join, send a bad move now and then, answer pings unseen, and never read. */
  deaf(argument: { port: number; count: number }): Promise<void>;
  deafness(argument: null): DeafFigures;
  /** So many connections are opened and dropped, none of which joins. */
  pass(argument: { port: number; connections: number }): Promise<Passers>;
  halt(argument: null): void;
}

/** Milliseconds between two bursts of the flood. */
const BURST_MS = 20;

/** Milliseconds between two bad moves of one who does not read, and between two of its pongs. */
const BAD_MOVE_MS = 20;
const PONG_MS = 2000;

/** Milliseconds before a flooder that was refused tries again. */
const RETRY_MS = 100;

/** Passing connections at a time. */
const AT_ONCE = 200;

/** Milliseconds that a passing connection stays. */
const STAY_MS = 50;

const { dialect } = contender("sabang");
const MOVE = dialect.moves[0]!;
const BAD_MOVE = maskedFrame(BINARY, Uint8Array.of(0x0d, 0xa4, ...Buffer.from("move"), 0xa5, ...Buffer.from("north")));
const ACKNOWLEDGEMENT = maskedFrame(BINARY, Uint8Array.of(0x0a));
const BLIND_PONG = maskedFrame(PONG, "");

const flood = { sent: 0, joins: 0, refused: 0 };
const deaf: Socket[] = [];
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

/** A client in the room; it has heard the handshake. */
async function joined(port: number): Promise<Socket> {
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

async function floodOn(port: number, perSecond: number): Promise<void> {
  while (!halted) {
    try {
      const socket = await joined(port);
      flood.joins++;
      socket.resume();
      const burst = Buffer.concat(Array(Math.round((perSecond * BURST_MS) / 1000)).fill(MOVE));
      // Who is told to go does not go by itself: it sends on until it is cut.
      let due = performance.now();
      while (!socket.destroyed && !halted) {
        for (; due < performance.now(); due += BURST_MS) {
          socket.write(burst);
          flood.sent += burst.length / MOVE.length;
        }
        await wait(BURST_MS / 2);
        if (socket.readableEnded) socket.destroy();
      }
    } catch {
      flood.refused++;
      await wait(RETRY_MS);
    }
  }
}

async function pass({ port, connections }: Parameters<AttackerOrders["pass"]>[0]): Promise<Passers> {
  const kinds: Record<string, (socket: Socket) => void> = {
    "nothing said": () => {},
    "half a request": (socket) => socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Half: "),
    "half an upgrade": (socket) => socket.write(upgradeRequest("/websocket").slice(0, 80)),
    "an upgrade that is refused": (socket) => {
      socket.resume();
      socket.write(upgradeRequest("/nowhere"));
    },
    "an upgrade to no seat": (socket) => socket.write(upgradeRequest("/abc/def?sessionId=ghi")),
    "an upgrade, then silence": (socket) => socket.write(upgradeRequest("/")),
    "an upgrade and half a frame": (socket) =>
      socket.write(Buffer.concat([Buffer.from(upgradeRequest("/")), MOVE.subarray(0, 5)])),
    "an upgrade cut at once": (socket) => {
      socket.write(upgradeRequest("/"));
      socket.resetAndDestroy();
    },
    "a body that never comes": (socket) =>
      socket.write(
        "POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
      ),
  };
  const passers: Passers = {};
  let next = 0;
  const oneAfterAnother = async () => {
    while (next < connections) {
      const number = next++;
      const names = Object.keys(kinds);
      const name = names[number % names.length]!;
      passers[name] = (passers[name] ?? 0) + 1;
      const socket = await open(port);
      if (number % 2) socket.resume();
      kinds[name]!(socket);
      await wait(STAY_MS);
      // A third closes as it should, a third cuts, a third ends its own half and forgets about the other.
      if (number % 3 === 0) socket.destroy();
      else if (number % 3 === 1) socket.resetAndDestroy();
      else {
        socket.end();
        forgotten.push(socket);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, oneAfterAnother));
  return passers;
}

/** Half open: they stay until the server ends them. */
const forgotten: Socket[] = [];

serve({
  flood: ({ port, perSecond }) => {
    void floodOn(port, perSecond);
  },
  flooded: () => ({ ...flood }),
  deaf: async ({ port, count }) => {
    for (let i = 0; i < count; i++) {
      const socket = await joined(port);
      socket.pause();
      deaf.push(socket);
    }
    timers.push(
      setInterval(() => {
        for (const socket of deaf) if (!socket.destroyed) socket.write(BAD_MOVE);
      }, BAD_MOVE_MS),
      setInterval(() => {
        for (const socket of deaf) if (!socket.destroyed) socket.write(BLIND_PONG);
      }, PONG_MS),
    );
  },
  deafness: () => {
    const cut = deaf.filter(({ destroyed }) => destroyed).length;
    return { open: deaf.length - cut, cut };
  },
  pass,
  halt: () => {
    halted = true;
    for (const timer of timers) clearInterval(timer);
    for (const socket of [...deaf, ...forgotten]) socket.destroy();
  },
} satisfies AttackerOrders);
