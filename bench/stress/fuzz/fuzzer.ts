// Attacks a server with what the other files here make: one short session after the other, each from its own seed, so that
// a session that did harm can be run again alone.
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type Random, seededRandom } from "../../../sim/random.ts";
import { BINARY, TEXT } from "../../harness/load/masked-frame.ts";
import { upgradeRequest } from "../../harness/upgrade-request.ts";
import { binary, frame, LAST_OFFENCES, OFFENCES } from "./frames.ts";
import { BAD_HANDSHAKES } from "./handshakes.ts";
import { LAST_PAYLOADS, PLAIN_PAYLOADS, ROOM_PAYLOADS, sweepPayload } from "./payloads.ts";
import { REQUESTS } from "./requests.ts";
import { SECRETS } from "./target.ts";

/** What to attack, and how much. */
export interface Attack {
  port: number;
  seed: number;
  /** Hostile frames and requests in all, more or less: a session is not broken off in its middle. */
  frames: number;
  /** The first session's number. */
  from?: number;
  /** Sessions at a time. */
  atOnce?: number;
  /** Told the number of frames so far, and whether to go on. */
  progress?: (frames: number) => boolean;
}

/** What an attack has come to. */
export interface Tally {
  sessions: number;
  frames: number;
  /** Frames and requests by their kind. */
  kinds: Map<string, number>;
  /** How HTTP requests were answered: the status, `closed`, or `nothing` for those that were meant to stay open. */
  answers: Map<string, number>;
  /** With which code WebSockets were closed by the server. */
  closes: Map<string, number>;
  /** What an attack must not get, in sentences with the session's number: at most a hundred. */
  faults: string[];
}

/** Addresses that the attack comes from; the honest players have 127.0.0.1. */
const OWN_ADDRESS = "127.0.0.2";

/** Milliseconds within which a whole request has to be answered, however busy the machine. */
const ANSWER_MS = 15_000;

/** Milliseconds that a session looks for what comes back, and that a connection which is to hang hangs. */
const LOOK_MS = 30;
const HANG_MS = 400;

/** Milliseconds for an upgrade to be answered or refused. */
const UPGRADE_MS = 5000;

/** The path of the SDK's latency probe. */
const PROBE = "/";

/** Frames of a session at most: fewer than a client may send at once. */
const LONGEST = 40;

const MOST_FAULTS = 100;

/** Of so many sessions, so many are in a room. */
const TURNS = 20;
const ROOM_TURNS = 9;

/** What no answer may hold: files that are nobody's business, and our secrets. */
const TREASURES = [
  /root:.*:0:0:/,
  /"devDependencies"/,
  /SQLite format 3/,
  /\[core\]\s+repositoryformatversion/,
  /readConfig/,
  ...Object.values(SECRETS).map((secret) => new RegExp(secret)),
];

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!;
const names = {
  offences: Object.keys(OFFENCES),
  room: Object.keys(ROOM_PAYLOADS),
  lasting: Object.keys(ROOM_PAYLOADS).filter((kind) => !LAST_PAYLOADS.includes(kind)),
  plain: Object.keys(PLAIN_PAYLOADS),
  handshakes: Object.keys(BAD_HANDSHAKES),
  requests: Object.keys(REQUESTS),
};

/** Attacks until there were that many frames. */
export async function attack({
  port,
  seed,
  frames,
  from = 0,
  atOnce = 24,
  progress = () => true,
}: Attack): Promise<Tally> {
  const edgeCounters: Tally = {
    sessions: 0,
    frames: 0,
    kinds: new Map(),
    answers: new Map(),
    closes: new Map(),
    faults: [],
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let next = from;
  const oneAfterAnother = async () => {
    while (edgeCounters.frames < frames && progress(edgeCounters.frames)) {
      const number = next++;
      const session = new Session(
        port,
        agent,
        seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)),
        edgeCounters,
        number,
      );
      await session.run();
      edgeCounters.sessions++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, oneAfterAnother));
  agent.destroy();
  return edgeCounters;
}

function count(counts: Map<string, number>, what: string, times = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + times);
}

/**
 * One attacker, from its coming to its going. It sends nothing that is known to stop, hang or fill software without our
 * guards: each guard has a test of its own, which sends something harmless that the same rule refuses.
 */
class Session {
  readonly #port: number;
  readonly #agent: Agent;
  readonly #random: Random;
  readonly #edgeCounters: Tally;
  readonly #number: number;

  constructor(port: number, agent: Agent, random: Random, edgeCounters: Tally, number: number) {
    this.#port = port;
    this.#agent = agent;
    this.#random = random;
    this.#edgeCounters = edgeCounters;
    this.#number = number;
  }

  async run(): Promise<void> {
    // Counted through and not left to chance: the sessions in rooms are numbered without gaps.
    const turn = this.#number % TURNS;
    if (turn < ROOM_TURNS) await this.#inRoom(Math.floor(this.#number / TURNS) * ROOM_TURNS + turn);
    else if (turn < 13) await this.#plain();
    else if (turn < 14) await this.#probing();
    else if (turn < 16) await this.#badHandshake();
    else await this.#requests();
  }

  /** A seat in a room, taken as the SDK does, or hardly. */
  async #inRoom(count: number): Promise<void> {
    const path = await this.#seat();
    if (path === undefined) return;
    if (this.#random(5) === 0) return this.#unacknowledged(path);
    const first = [binary(Buffer.of(10))];
    const payload = (kind: string) => {
      this.#count(`room: ${kind}`);
      return frame(this.#random(60) === 0 ? TEXT : BINARY, ROOM_PAYLOADS[kind]!(this.#random));
    };
    const frames = Array.from({ length: this.#random(LONGEST) }, () => payload(pick(this.#random, names.lasting)));
    if (this.#random(2)) frames.push(payload(pick(this.#random, LAST_PAYLOADS)));
    else {
      this.#count("room: one of each first byte and length");
      frames.push(binary(sweepPayload(count)));
    }
    await this.#webSocket(path, [...first, ...frames], true);
    // The same seat once more: it is taken, or held for somebody else.
    if (this.#random(4) === 0) {
      this.#count("room: a seat taken twice");
      await this.#webSocket(path, [binary(Buffer.of(10))], true);
    }
  }

  /** Sends frames before the join is acknowledged, and then leaves as the SDK does. */
  async #unacknowledged(path: string): Promise<void> {
    const socket = await this.#open();
    if (!socket) return;
    await this.#upgrade(socket, path);
    for (let left = this.#random(LONGEST); left > 0; left--) {
      const kind = pick(this.#random, names.lasting);
      this.#count(`before a join: ${kind}`);
      socket.write(binary(ROOM_PAYLOADS[kind]!(this.#random)));
    }
    socket.end(Buffer.concat([binary(Buffer.of(12)), frame(0x8, Buffer.of(0x0f, 0xa0))]));
    await this.#linger(socket, HANG_MS);
    socket.destroy();
  }

  async #plain(): Promise<void> {
    const frames = Array.from({ length: 1 + this.#random(LONGEST) }, () => {
      const kind = pick(this.#random, names.plain);
      this.#count(`plain: ${kind}`);
      return frame(this.#random(6) === 0 ? BINARY : TEXT, PLAIN_PAYLOADS[kind]!(this.#random));
    });
    await this.#webSocket(
      pick(this.#random, ["/websocket", "/websocket?map=meadow", "/websocket?name=%EC%A0%81"]),
      frames,
    );
  }

  /** The SDK's latency probe, which answers any message. */
  async #probing(): Promise<void> {
    const frames = Array.from({ length: 1 + this.#random(20) }, () => {
      this.#count("probe: a message");
      return binary(ROOM_PAYLOADS["any first byte"]!(this.#random));
    });
    await this.#webSocket(PROBE, frames);
  }

  async #badHandshake(): Promise<void> {
    const kind = pick(this.#random, names.handshakes);
    this.#count(`handshake: ${kind}`);
    const socket = await this.#open();
    if (!socket) return;
    const bytes = Buffer.from(BAD_HANDSHAKES[kind]!(this.#random), "latin1");
    // Frames before the answer, in the same packet.
    const early = this.#random(3) === 0 ? [binary(Buffer.of(10)), binary("early")] : [];
    socket.write(Buffer.concat([bytes, ...early]));
    socket.resume();
    await this.#linger(socket, this.#random(10) === 0 ? HANG_MS : LOOK_MS);
    socket.end();
    await this.#linger(socket, LOOK_MS);
    socket.destroy();
  }

  async #requests(): Promise<void> {
    for (let left = 1 + this.#random(5); left > 0; left--) {
      const kind = pick(this.#random, names.requests);
      this.#count(`HTTP: ${kind}`);
      const { bytes, whole } = REQUESTS[kind]!(this.#random);
      const socket = await this.#open();
      if (!socket) return;
      let answer = "";
      socket.on("data", (data) => {
        if (answer.length < 200_000) answer += data.toString("latin1");
      });
      // Our own half stays open: the end of theirs is all that there is to wait for.
      const closed = new Promise<boolean>((resolve) => {
        socket.once("end", () => resolve(true));
        socket.once("close", () => resolve(true));
      });
      if (this.#random(8) === 0) {
        for (let at = 0; at < bytes.length && at < 2000; at += 50) {
          socket.write(bytes.subarray(at, at + 50));
          await new Promise(setImmediate);
        }
        if (bytes.length > 2000) socket.write(bytes.subarray(2000));
      } else socket.write(bytes);
      if (this.#random(12) === 0) {
        socket.resetAndDestroy();
        continue;
      }
      const over = await Promise.race([closed, wait(whole ? ANSWER_MS : HANG_MS, false, { ref: false })]);
      this.#judge(kind, bytes, answer, over, whole);
      socket.destroy();
    }
  }

  #judge(kind: string, bytes: Buffer, answer: string, over: boolean, whole: boolean): void {
    const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
    count(this.#edgeCounters.answers, status ?? (over ? "closed" : "nothing"));
    const asked = JSON.stringify(bytes.subarray(0, 120).toString("latin1"));
    if (whole && !over) this.#fault(`${kind}: no answer to ${asked}, but ${JSON.stringify(answer.slice(0, 60))}`);
    if (status === "500" || status === "502") this.#fault(`${kind}: status ${status} for ${asked}`);
    for (const treasure of TREASURES)
      if (treasure.test(answer)) this.#fault(`${kind}: ${treasure} is in the answer to ${asked}`);
    const head = answer.slice(0, answer.indexOf("\r\n\r\n"));
    if (/^x-injected:/im.test(head)) this.#fault(`${kind}: a header of ours came out of ${asked}`);
  }

  /**
   * Opens a WebSocket, sends frames and perhaps an offence among them, and goes in one of the ways there are. In a room the
   * first frame acknowledges the join: it is sent after the handshake, and before any offence.
   */
  async #webSocket(path: string, frames: Buffer[], isRoom = false): Promise<void> {
    const socket = await this.#open();
    if (!socket) return;
    let heard = Buffer.alloc(0);
    socket.on("data", (data) => {
      // Only the beginning and the last words are of interest.
      heard = heard.length < 65_536 ? Buffer.concat([heard, data]) : Buffer.concat([heard.subarray(0, 200), data]);
    });
    await this.#upgrade(socket, path, !isRoom && this.#random(6) === 0 ? frames.slice(0, 2) : []);
    if (this.#random(10) === 0) socket.pause();
    const offends = this.#random(3) === 0;
    const at = isRoom ? 1 + this.#random(frames.length) : this.#random(frames.length + 1);
    for (const [index, one] of frames.entries()) {
      if (offends && index === at && !(await this.#offend(socket))) break;
      socket.write(one);
      if (this.#random(10) === 0) await new Promise(setImmediate);
    }
    if (offends && at === frames.length) await this.#offend(socket);
    await this.#linger(socket, this.#random(20) === 0 ? HANG_MS : LOOK_MS);
    const end = heard.lastIndexOf(0x88);
    if (end > 0 && heard.length >= end + 4 && heard[end + 1]! < 126 && heard.length === end + 2 + heard[end + 1]!) {
      count(this.#edgeCounters.closes, String(heard.readUInt16BE(end + 2)));
    }
    await this.#leave(socket);
  }

  /** Asks for a WebSocket, with frames in the same packet if there are any, and waits for the server's first frame. */
  async #upgrade(socket: Socket, path: string, early: Buffer[] = []): Promise<void> {
    let heard = "";
    const answered = new Promise<void>((resolve) => {
      socket.on("close", resolve);
      socket.on("data", (data) => {
        heard += heard.length < 10_000 ? data.toString("latin1") : "";
        const headEnds = heard.indexOf("\r\n\r\n");
        // The SDK's latency probe is told nothing before it asks.
        if (headEnds > 0 && (path === PROBE || heard.length > headEnds + 4)) resolve();
      });
    });
    socket.write(Buffer.concat([Buffer.from(upgradeRequest(path)), ...early]));
    await Promise.race([answered, wait(UPGRADE_MS, undefined, { ref: false })]);
  }

  /** Offends. @returns whether more may be sent after it. */
  async #offend(socket: Socket): Promise<boolean> {
    const kind = pick(this.#random, names.offences);
    this.#count(`frame: ${kind}`);
    const payload = ROOM_PAYLOADS[pick(this.#random, names.room)]!(this.#random);
    const bytes = OFFENCES[kind]!(this.#random, payload);
    for (const piece of Array.isArray(bytes) ? bytes : [bytes]) {
      socket.write(piece);
      if (Array.isArray(bytes)) await new Promise(setImmediate);
    }
    return !LAST_OFFENCES.includes(kind);
  }

  /** By the door, through the window, or without letting go. */
  async #leave(socket: Socket): Promise<void> {
    const way = this.#random(5);
    if (way === 0) socket.resetAndDestroy();
    else if (way === 1) {
      // Half open: our half has ended, theirs may go on.
      socket.end();
      await this.#linger(socket, HANG_MS);
    } else if (way === 2) {
      socket.write(frame(0x8, Buffer.of(0x0f, 0xa0)));
      await this.#linger(socket, LOOK_MS);
    }
    socket.destroy();
  }

  async #linger(socket: Socket, milliseconds: number): Promise<void> {
    if (socket.destroyed) return;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    await Promise.race([closed, wait(milliseconds)]);
  }

  async #open(): Promise<Socket | undefined> {
    const socket = connect({
      port: this.#port,
      host: "127.0.0.1",
      localAddress: OWN_ADDRESS,
      allowHalfOpen: true,
      noDelay: true,
    });
    socket.on("error", () => {});
    const opened = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("close", () => resolve(false));
    });
    if (opened) return socket;
    count(this.#edgeCounters.answers, "no connection");
    await wait(LOOK_MS);
    return undefined;
  }

  /** Asks for a seat as the SDK does; undefined if there is none for this attacker. */
  #seat(): Promise<string | undefined> {
    const body = JSON.stringify(this.#random(3) === 0 ? { map: "meadow" } : { name: "적" });
    return new Promise((resolve) => {
      const call = request(
        {
          port: this.#port,
          host: "127.0.0.1",
          localAddress: OWN_ADDRESS,
          agent: this.#agent,
          method: "POST",
          path: "/matchmake/joinOrCreate/world",
          headers: { "content-type": "application/json" },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk) => chunks.push(chunk));
          response.on("error", () => resolve(undefined));
          response.on("end", () => {
            count(this.#edgeCounters.answers, `seat ${response.statusCode}`);
            if (response.statusCode !== 200) return resolve(undefined);
            const seat = JSON.parse(Buffer.concat(chunks).toString());
            resolve(`/${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId}`);
          });
        },
      );
      call.on("error", () => resolve(undefined));
      call.end(body);
    });
  }

  #count(kind: string): void {
    count(this.#edgeCounters.kinds, kind);
    this.#edgeCounters.frames++;
  }

  #fault(sentence: string): void {
    if (this.#edgeCounters.faults.length < MOST_FAULTS)
      this.#edgeCounters.faults.push(`session ${this.#number}: ${sentence}`);
  }
}
