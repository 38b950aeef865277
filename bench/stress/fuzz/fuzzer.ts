// Attacks a server with the frames, payloads, handshakes and requests of the other files in this folder. The attack
// consists of short sessions. Each has its own seed, so a session that caused an error can be repeated alone.
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

/** The target and the size of an attack. */
export interface Attack {
  port: number;
  seed: number;
  /** The minimum number of hostile frames and requests. The last sessions run to their end, so more may be sent. */
  frames: number;
  /** The number of the first session; by default 0. The seed and the session number determine what a session sends. */
  from?: number;
  /** The maximum number of concurrent sessions. */
  atOnce?: number;
  /** Called before each session with the number of frames so far. No further sessions start if it returns false. */
  progress?: (frames: number) => boolean;
}

/** The result of an attack. */
export interface AttackResult {
  sessions: number;
  frames: number;
  /** Number of frames and requests, by kind. */
  kinds: Map<string, number>;
  /**
   * Number of HTTP requests, by outcome. The key is the status of the response, with the prefix `seat` if a seat was
   * requested. Without a response, the key is `closed` (by the server), `no response` (the connection stayed open) or
   * `no connection`.
   */
  answers: Map<string, number>;
  /** Number of WebSockets that the server closed, by close code. */
  closes: Map<string, number>;
  /** Errors found, with the number of the session; up to MAX_FAULTS. */
  faults: string[];
}

/** The IP address of the attackers. Honest players use 127.0.0.1, so the limits per address count them separately. */
const ATTACKER_ADDRESS = "127.0.0.2";

/** Timeout for the response to a complete request, in milliseconds. It is long enough for a busy machine. */
const RESPONSE_TIMEOUT_MS = 15_000;

/**
 * Milliseconds for which a session waits after its last bytes before it destroys the connection. The longer time is for
 * incomplete requests, half-open connections and a few random sessions.
 */
const LINGER_MS = 30;
const HANG_MS = 400;

/** Timeout for the response to an upgrade, in milliseconds. */
const UPGRADE_TIMEOUT_MS = 5000;

/** The path of the SDK's latency probe. */
const PROBE = "/";

/** The maximum number of frames of a session. It is lower than the burst that the rate limit allows a client. */
const MAX_FRAMES = 40;

const MAX_FAULTS = 100;

/** Of each TURNS successive sessions, the first ROOM_TURNS join a room. The others attack other parts of the server. */
const TURNS = 20;
const ROOM_TURNS = 9;

/** Patterns that must not occur in a response: private files and the secrets. */
const PRIVATE_DATA = [
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

/** Attacks until the given number of frames and requests has been sent. */
export async function attack({
  port,
  seed,
  frames,
  from = 0,
  atOnce = 24,
  progress = () => true,
}: Attack): Promise<AttackResult> {
  const result: AttackResult = {
    sessions: 0,
    frames: 0,
    kinds: new Map(),
    answers: new Map(),
    closes: new Map(),
    faults: [],
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let next = from;
  const runSessions = async () => {
    while (result.frames < frames && progress(result.frames)) {
      const number = next++;
      const session = new Session(
        port,
        agent,
        seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)),
        result,
        number,
      );
      await session.run();
      result.sessions++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runSessions));
  agent.destroy();
  return result;
}

function count(counts: Map<string, number>, key: string, times = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

/**
 * One session of an attacker. Some inputs could crash or block a server that lacks one of sabang's guards. The attacker
 * does not send such inputs. Instead, each guard has a test of its own. That test sends harmless input, which the guard
 * rejects for the same reason as harmful input.
 */
class Session {
  readonly #port: number;
  readonly #agent: Agent;
  readonly #random: Random;
  readonly #result: AttackResult;
  readonly #number: number;

  constructor(port: number, agent: Agent, random: Random, result: AttackResult, number: number) {
    this.#port = port;
    this.#agent = agent;
    this.#random = random;
    this.#result = result;
    this.#number = number;
  }

  async run(): Promise<void> {
    // The kind of a session depends only on its number. The sessions in rooms are also numbered separately, without
    // gaps. This second number selects the payload of `sweepPayload`.
    const turn = this.#number % TURNS;
    if (turn < ROOM_TURNS) await this.#inRoom(Math.floor(this.#number / TURNS) * ROOM_TURNS + turn);
    else if (turn < 13) await this.#plain();
    else if (turn < 14) await this.#probing();
    else if (turn < 16) await this.#badHandshake();
    else await this.#requests();
  }

  /** Takes a seat in a room as the SDK does, and sends hostile payloads. */
  async #inRoom(count: number): Promise<void> {
    const path = await this.#seat();
    if (path === undefined) return;
    if (this.#random(5) === 0) return this.#unacknowledged(path);
    const first = [binary(Buffer.of(10))];
    const payload = (kind: string) => {
      this.#count(`room: ${kind}`);
      return frame(this.#random(60) === 0 ? TEXT : BINARY, ROOM_PAYLOADS[kind]!(this.#random));
    };
    const frames = Array.from({ length: this.#random(MAX_FRAMES) }, () => payload(pick(this.#random, names.lasting)));
    if (this.#random(2)) frames.push(payload(pick(this.#random, LAST_PAYLOADS)));
    else {
      this.#count("room: each first byte with each length");
      frames.push(binary(sweepPayload(count)));
    }
    await this.#webSocket(path, [...first, ...frames], true);
    // Tries to join once more with the same seat reservation, which has already been used.
    if (this.#random(4) === 0) {
      this.#count("room: same seat again");
      await this.#webSocket(path, [binary(Buffer.of(10))], true);
    }
  }

  /** Sends frames without acknowledging the join, then leaves as the SDK does. */
  async #unacknowledged(path: string): Promise<void> {
    const socket = await this.#open();
    if (!socket) return;
    await this.#upgrade(socket, path);
    for (let remaining = this.#random(MAX_FRAMES); remaining > 0; remaining--) {
      const kind = pick(this.#random, names.lasting);
      this.#count(`before a join: ${kind}`);
      socket.write(binary(ROOM_PAYLOADS[kind]!(this.#random)));
    }
    socket.end(Buffer.concat([binary(Buffer.of(12)), frame(0x8, Buffer.of(0x0f, 0xa0))]));
    await this.#linger(socket, HANG_MS);
    socket.destroy();
  }

  async #plain(): Promise<void> {
    const frames = Array.from({ length: 1 + this.#random(MAX_FRAMES) }, () => {
      const kind = pick(this.#random, names.plain);
      this.#count(`plain: ${kind}`);
      return frame(this.#random(6) === 0 ? BINARY : TEXT, PLAIN_PAYLOADS[kind]!(this.#random));
    });
    await this.#webSocket(
      pick(this.#random, ["/websocket", "/websocket?map=meadow", "/websocket?name=%EC%A0%81"]),
      frames,
    );
  }

  /** Sends messages to the path of the SDK's latency probe, on which the server answers any message. */
  async #probing(): Promise<void> {
    const frames = Array.from({ length: 1 + this.#random(20) }, () => {
      this.#count("probe: message");
      return binary(ROOM_PAYLOADS["random first byte"]!(this.#random));
    });
    await this.#webSocket(PROBE, frames);
  }

  async #badHandshake(): Promise<void> {
    const kind = pick(this.#random, names.handshakes);
    this.#count(`handshake: ${kind}`);
    const socket = await this.#open();
    if (!socket) return;
    const bytes = Buffer.from(BAD_HANDSHAKES[kind]!(this.#random), "latin1");
    // Some handshakes are followed by frames in the same packet, before the server has responded.
    const early = this.#random(3) === 0 ? [binary(Buffer.of(10)), binary("early")] : [];
    socket.write(Buffer.concat([bytes, ...early]));
    socket.resume();
    await this.#linger(socket, this.#random(10) === 0 ? HANG_MS : LINGER_MS);
    socket.end();
    await this.#linger(socket, LINGER_MS);
    socket.destroy();
  }

  async #requests(): Promise<void> {
    for (let remaining = 1 + this.#random(5); remaining > 0; remaining--) {
      const kind = pick(this.#random, names.requests);
      this.#count(`HTTP: ${kind}`);
      const { bytes, whole } = REQUESTS[kind]!(this.#random);
      const socket = await this.#open();
      if (!socket) return;
      let answer = "";
      socket.on("data", (data) => {
        if (answer.length < 200_000) answer += data.toString("latin1");
      });
      // The attacker does not close its half of the connection, so `end` means that the server has closed its half.
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
      const hasEnded = await Promise.race([closed, wait(whole ? RESPONSE_TIMEOUT_MS : HANG_MS, false, { ref: false })]);
      this.#checkResponse(kind, bytes, answer, hasEnded, whole);
      socket.destroy();
    }
  }

  #checkResponse(kind: string, bytes: Buffer, answer: string, hasEnded: boolean, whole: boolean): void {
    const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
    count(this.#result.answers, status ?? (hasEnded ? "closed" : "no response"));
    const sent = JSON.stringify(bytes.subarray(0, 120).toString("latin1"));
    if (whole && !hasEnded)
      this.#addFault(`${kind}: incomplete response to ${sent}: ${JSON.stringify(answer.slice(0, 60))}`);
    if (status === "500" || status === "502") this.#addFault(`${kind}: status ${status} for ${sent}`);
    for (const pattern of PRIVATE_DATA)
      if (pattern.test(answer)) this.#addFault(`${kind}: ${pattern} is in the response to ${sent}`);
    const head = answer.slice(0, answer.indexOf("\r\n\r\n"));
    if (/^x-injected:/im.test(head)) this.#addFault(`${kind}: the response has a header injected by ${sent}`);
  }

  /**
   * Opens a WebSocket, sends frames, and disconnects in one of several ways. Sometimes also sends an offence: bytes
   * that break the protocol. In a room, the first frame acknowledges the join. This frame is sent after the handshake
   * and before any offence.
   */
  async #webSocket(path: string, frames: Buffer[], isRoom = false): Promise<void> {
    const socket = await this.#open();
    if (!socket) return;
    let received = Buffer.alloc(0);
    socket.on("data", (data) => {
      // Keeps only the beginning and the last chunk of long data. The last chunk may hold the server's close frame.
      received =
        received.length < 65_536 ? Buffer.concat([received, data]) : Buffer.concat([received.subarray(0, 200), data]);
    });
    await this.#upgrade(socket, path, !isRoom && this.#random(6) === 0 ? frames.slice(0, 2) : []);
    if (this.#random(10) === 0) socket.pause();
    const hasOffence = this.#random(3) === 0;
    const at = isRoom ? 1 + this.#random(frames.length) : this.#random(frames.length + 1);
    for (const [index, one] of frames.entries()) {
      if (hasOffence && index === at && !(await this.#sendOffence(socket))) break;
      socket.write(one);
      if (this.#random(10) === 0) await new Promise(setImmediate);
    }
    if (hasOffence && at === frames.length) await this.#sendOffence(socket);
    await this.#linger(socket, this.#random(20) === 0 ? HANG_MS : LINGER_MS);
    const end = received.lastIndexOf(0x88);
    if (
      end > 0 &&
      received.length >= end + 4 &&
      received[end + 1]! < 126 &&
      received.length === end + 2 + received[end + 1]!
    ) {
      count(this.#result.closes, String(received.readUInt16BE(end + 2)));
    }
    await this.#leave(socket);
  }

  /** Sends an upgrade request, with the early frames in the same packet, and waits for the server's first frame. */
  async #upgrade(socket: Socket, path: string, early: Buffer[] = []): Promise<void> {
    let received = "";
    const answered = new Promise<void>((resolve) => {
      socket.on("close", resolve);
      socket.on("data", (data) => {
        received += received.length < 10_000 ? data.toString("latin1") : "";
        const headEnds = received.indexOf("\r\n\r\n");
        // On the path of the SDK's latency probe, the server sends no frame before it has received one.
        if (headEnds > 0 && (path === PROBE || received.length > headEnds + 4)) resolve();
      });
    });
    socket.write(Buffer.concat([Buffer.from(upgradeRequest(path)), ...early]));
    await Promise.race([answered, wait(UPGRADE_TIMEOUT_MS, undefined, { ref: false })]);
  }

  /** Sends bytes that break the protocol. @returns whether further frames may follow on the connection. */
  async #sendOffence(socket: Socket): Promise<boolean> {
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

  /** Disconnects in one of several ways: reset, half close, close frame or destroy. */
  async #leave(socket: Socket): Promise<void> {
    const kind = this.#random(5);
    if (kind === 0) socket.resetAndDestroy();
    else if (kind === 1) {
      // Leaves the connection half open: the attacker's half is closed, and the server's half is open.
      socket.end();
      await this.#linger(socket, HANG_MS);
    } else if (kind === 2) {
      socket.write(frame(0x8, Buffer.of(0x0f, 0xa0)));
      await this.#linger(socket, LINGER_MS);
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
      localAddress: ATTACKER_ADDRESS,
      allowHalfOpen: true,
      noDelay: true,
    });
    socket.on("error", () => {});
    const opened = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("close", () => resolve(false));
    });
    if (opened) return socket;
    count(this.#result.answers, "no connection");
    await wait(LINGER_MS);
    return undefined;
  }

  /** Requests a seat as the SDK does. Returns undefined if the server refuses it. */
  #seat(): Promise<string | undefined> {
    const body = JSON.stringify(this.#random(3) === 0 ? { map: "meadow" } : { name: "적" });
    return new Promise((resolve) => {
      const call = request(
        {
          port: this.#port,
          host: "127.0.0.1",
          localAddress: ATTACKER_ADDRESS,
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
            count(this.#result.answers, `seat ${response.statusCode}`);
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
    count(this.#result.kinds, kind);
    this.#result.frames++;
  }

  #addFault(message: string): void {
    if (this.#result.faults.length < MAX_FAULTS) this.#result.faults.push(`session ${this.#number}: ${message}`);
  }
}
