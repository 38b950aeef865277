// A cluster within the test's process: the rooms of an authority, several replicas, and a bus that connects them
// without delay. All replicas share one port. The test chooses the replica that accepts the next WebSocket.
import { createServer, type IncomingMessage, type Server } from "node:http";
import { Client } from "@colyseus/sdk";
import { afterAll, beforeAll } from "@jest/globals";
import { createAuthContext, LocalDriver, LocalPresence, matchMaker, type ServerError } from "colyseus";
import { defineWorldRoom, type WorldRoomSettings } from "../../rooms/define-world-room.ts";
import { Sessions } from "../../rooms/player-session.ts";
import type { PlayerRecord } from "../../rooms/player-store.ts";
import type { WorldRoom } from "../../rooms/world-room.ts";
import { Arrivals } from "../../src/auth/arrivals.ts";
import { Tokens } from "../../src/auth/tokens.ts";
import type {
  ClientClose,
  Content,
  DownFrame,
  Host,
  HostLink,
  ReplicaLink,
  SessionEntry,
  Snapshot,
} from "../../src/cluster/core/ports.ts";
import { Hosting } from "../../src/cluster/hosting.ts";
import { JoinLimits } from "../../src/cluster/join-limits.ts";
import { ClusterReplica } from "../../src/cluster/replica.ts";
import { Addresses } from "../../src/edge/addresses.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { keepClientShape } from "../../src/sockets/client-shape.ts";
import { Seats } from "../../src/sockets/seats.ts";
import { socketOptions } from "../../src/sockets/socket-options.ts";
import { EdgeCounters } from "../../src/telemetry/edge-counters.ts";
import { RefusalLog } from "../../src/telemetry/refusal-log.ts";
import { addressOf } from "../../src/telemetry/transports.ts";
import { until } from "./until.ts";

const MAPS = new URL("../../maps", import.meta.url).pathname;
const SECRET = "the secret of the tests, long enough";

interface Connection {
  readonly id: string;
  readonly process: string;
  readonly session: string;
  /** The frames whose effect is not in the published changes yet. */
  kept: { readonly number: number; readonly frame: Uint8Array }[];
  /** The number of the last frame from the client. */
  last: number;
  /** The number of the last frame that was delivered to the present authority. */
  delivered: number;
}

/** The data that the authority publishes together with the next changes. */
interface Outgoing {
  sessions: Map<string, SessionEntry | undefined>;
  answers: (() => void)[];
  frames: DownFrame[];
  closes: ClientClose[];
}

const nothing = (): Outgoing => ({ sessions: new Map(), answers: [], frames: [], closes: [] });

/** A running cluster. */
export class TestCluster {
  readonly replicas: ClusterReplica[] = [];
  readonly tokens = new Tokens(SECRET, undefined);
  readonly records = new Map<string, PlayerRecord>();
  readonly sessions = new Sessions();
  /** The index of the replica that accepts the next WebSocket. */
  route = 0;
  /** The size in bytes of the changes that were published last. */
  published = 0;
  readonly #hosting = new Hosting();
  readonly #limits: JoinLimits;
  readonly #server: Server;
  readonly #table = new Map<string, SessionEntry>();
  readonly #connections = new Map<string, Connection>();
  /** The connections that have ended. */
  readonly #closed = new Map<string, { session: string; code: number }>();
  readonly #requests = new Map<object, { process: string; content: Content; answer: (content: Content) => void }>();
  #host: Host | undefined;
  #outgoing = nothing();
  #onPublished = () => {};
  url = "";

  constructor(replicas: number, settings: Partial<WorldRoomSettings>, maxConnectionsPerAddress: number) {
    const limits = { maxConnectionsPerAddress, maxJoinsPerMinute: 0 };
    this.#limits = new JoinLimits(limits, this.#hosting.addresses, async (token, address) => {
      const id = token && (await this.tokens.read(token));
      const client = id ? this.sessions.clientOf(id) : undefined;
      return client !== undefined && addressOf(client) === address;
    });
    const { maps } = loadMaps(MAPS);
    const rooms = this.#hosting.roomSettings({
      maps,
      maxPlayers: 0,
      reconnectionSeconds: 20,
      idleSeconds: 0,
      admission: { refusal: () => undefined },
      arrivals: new Arrivals(SECRET),
      identify: (token) => this.tokens.read(token),
      sessions: this.sessions,
      seatsOf: (room) => new Seats(room),
      store: {
        load: async (player, map) => this.records.get(`${player} ${map}`),
        put: (record) => {
          this.records.set(`${record.player} ${record.map}`, record);
          return true;
        },
        flush: async () => {},
      },
      ...settings,
    });
    const definition = defineWorldRoom(rooms);
    definition.name = "world";
    matchMaker.addRoomType(definition);
    this.#server = createServer((request, response) => {
      void readJson(request).then(async (options) => {
        const [, , method, name] = request.url!.split("/");
        const { status, body } = await this.#matchmake(method!, name!, options, request);
        response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      });
    });
    this.#server.on("upgrade", (...upgrade) => this.replicas[this.route]!.upgrade(...upgrade));
    for (let index = 0; index < replicas; index++) this.replicas.push(this.#createReplica(`process-${index}`));
  }

  async start(): Promise<void> {
    keepClientShape();
    await matchMaker.setup(new LocalPresence(), new LocalDriver());
    await matchMaker.accept(true);
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
    await this.createHost();
  }

  async stop(): Promise<void> {
    this.#host?.end();
    for (const replica of this.replicas) replica.closeAll(1001);
    await until(() => this.replicas.every(({ connectionCount }) => connectionCount === 0));
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /**
   * Starts an authority. If a replica is given, the authority's rooms begin with the replica's state. Resolves after
   * the first tick of the rooms.
   */
  async createHost(replica?: ClusterReplica): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onPublished = resolve;
    const snapshot = replica && this.snapshotOf(replica);
    this.#outgoing = nothing();
    this.#host = this.#hosting.createHost(this.#hostLink(), snapshot);
    for (const [key, { process, content, answer }] of this.#requests) this.#request(key, process, content, answer);
    // Tells the new authority which connections have ended, and delivers the frames whose effect is not in the
    // published changes.
    for (const id of this.#closed.keys()) this.#disconnect(id);
    for (const connection of this.#connections.values()) {
      connection.delivered = 0;
      this.#deliverKept(connection);
    }
    await promise;
  }

  /** Returns the present state of a replica, from which rooms can go on. */
  snapshotOf(replica: ClusterReplica): Snapshot {
    return { rooms: replica.snapshot(), sessions: [...this.#table.values()] };
  }

  /**
   * Prepares the rooms of the next authority. Call it after `endHost`: one process cannot have the rooms of two
   * authorities. Resolves when the rooms are prepared.
   * @returns a function that discards the rooms.
   */
  async prepareHost(snapshot: Snapshot): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const discard = this.#hosting.prepareHost(snapshot, resolve);
    await promise;
    return discard;
  }

  /** Sends a request to the authority, as a process of the cluster does. */
  ask(process: string, content: Content): Promise<Content> {
    return new Promise((resolve) => this.#request({}, process, content, resolve));
  }

  /** Ends the authority at once. The cluster has no authority until `createHost` is called. */
  endHost(): void {
    this.#host?.end();
    this.#host = undefined;
  }

  /** Creates an SDK client. Without a token it is a guest. */
  client(token?: string): Client {
    const client = new Client(this.url);
    client.auth.token = token as string;
    return client;
  }

  /** Returns the room of a player in the authority. */
  roomOf(sessionId: string): WorldRoom | undefined {
    return this.rooms().find(({ state }) => state.players.has(sessionId));
  }

  /** Returns all rooms in the authority. */
  rooms(): WorldRoom[] {
    const ids = new Set(this.sessionIds().map((id) => this.#roomIds.get(id)));
    return [...ids].map((id) => matchMaker.getLocalRoomById(id!) as unknown as WorldRoom).filter(Boolean);
  }

  sessionIds(): string[] {
    return [...this.#roomIds.keys()];
  }

  /** The room id of each session that was given a seat. */
  readonly #roomIds = new Map<string, string>();

  #createReplica(process: string): ClusterReplica {
    const counters = new EdgeCounters(new RefusalLog({ info: () => {}, warn: () => {} } as never));
    const sockets = socketOptions(
      { maxFrameBytes: 4096, maxMessagesPerSecond: 0, maxSendBufferBytes: 1_048_576 },
      new Addresses([]),
      counters,
    );
    return new ClusterReplica(this.#replicaLink(process), {
      sockets,
      admitPlain: async () => {},
      onRefused: () => {},
      reservePlain: async (options, auth) => {
        const join = () => matchMaker.joinOrCreate("world", options, auth);
        const seat = await this.#limits.reserve(String(auth.ip), auth.token, join);
        this.#roomIds.set(seat.sessionId, seat.roomId);
        return seat;
      },
    });
  }

  async #matchmake(method: string, name: string, options: object, { headers, socket }: IncomingMessage) {
    const auth = createAuthContext({ headers: headers as never, remoteAddress: socket.remoteAddress });
    try {
      const join = () => matchMaker[method as "joinOrCreate"](name, options, auth);
      const seat = await (method === "reconnect" ? join() : this.#limits.reserve(String(auth.ip), auth.token, join));
      this.#roomIds.set(seat.sessionId, seat.roomId);
      return { status: 200, body: seat };
    } catch (error) {
      const { code = 523, message } = error as ServerError;
      return { status: code, body: { code, error: message } };
    }
  }

  #hostLink(): HostLink {
    const link: HostLink = {
      isAuthority: true,
      publish: (changes) => this.#publish(changes),
      connected: (session, process, connection) =>
        this.#outgoing.sessions.set(session, { session, process, connection, handle: 0, received: 0 }),
      send: (session, frame) => {
        const { connection } = this.#entryOf(session)!;
        this.#outgoing.frames.push({ session, connection, frame: Uint8Array.from(frame) });
      },
      close: (session, code, reason) => {
        const entry = this.#entryOf(session)!;
        const { connection } = entry;
        this.#outgoing.closes.push({ session, connection, code, ...(reason !== undefined && { reason }) });
        this.#outgoing.sessions.set(session, { ...entry, process: undefined });
      },
      ended: (session) => this.#outgoing.sessions.set(session, undefined),
    };
    return link;
  }

  #entryOf(session: string): SessionEntry | undefined {
    return this.#outgoing.sessions.has(session) ? this.#outgoing.sessions.get(session) : this.#table.get(session);
  }

  #publish(changes: Uint8Array): void {
    const { sessions, answers, frames, closes } = this.#outgoing;
    this.#outgoing = nothing();
    this.published = changes.length;
    for (const [session, entry] of sessions) {
      if (!entry) this.#table.delete(session);
      else this.#table.set(session, entry);
    }
    for (const replica of this.replicas) replica.apply(Uint8Array.from(changes));
    for (const answer of answers) answer();
    for (const { session, connection, frame } of frames)
      for (const replica of this.replicas) replica.receive(session, connection, frame);
    for (const { session, connection, code, reason } of closes)
      for (const replica of this.replicas) replica.close(session, connection, code, reason);
    for (const connection of this.#connections.values()) this.#deliverKept(connection);
    this.#onPublished();
  }

  #replicaLink(process: string): ReplicaLink {
    return {
      deliver: (session, id, frame) => {
        const connection = this.#connections.get(id) ?? { id, process, session, kept: [], last: 0, delivered: 0 };
        this.#connections.set(id, connection);
        connection.kept.push({ number: ++connection.last, frame: Uint8Array.from(frame) });
        this.#deliverKept(connection);
      },
      disconnected: (session, id, code) => {
        this.#connections.delete(id);
        this.#closed.set(id, { session, code });
        this.#disconnect(id);
      },
      request: (content, timeoutMs, answer) => {
        const key = {};
        const timer = setTimeout(() => {
          if (this.#requests.delete(key)) answer(undefined);
        }, timeoutMs);
        this.#request(key, process, content, (result) => {
          clearTimeout(timer);
          if (this.#requests.delete(key)) answer(result);
        });
        return () => {
          clearTimeout(timer);
          this.#requests.delete(key);
        };
      },
    };
  }

  #request(key: object, process: string, content: Content, answer: (content: Content) => void): void {
    this.#requests.set(key, { process, content, answer });
    this.#host?.request(process, content, (result) => this.#outgoing.answers.push(() => answer(result)));
  }

  /** Tells the rooms that a connection has ended. `createHost` calls this method again for a new authority. */
  #disconnect(id: string): void {
    const { session, code } = this.#closed.get(id)!;
    const entry = this.#entryOf(session);
    if (!this.#host || entry?.connection !== id || !entry.process) return;
    this.#outgoing.sessions.set(session, { ...entry, process: undefined });
    this.#host.disconnect(session, code);
  }

  #deliverKept(connection: Connection): void {
    const { id, session, kept } = connection;
    const entry = this.#table.get(session);
    if (!this.#host || entry?.connection !== id) return;
    connection.kept = kept.filter(({ number }) => number > entry.received);
    for (const { number, frame } of connection.kept) {
      if (number <= connection.delivered) continue;
      connection.delivered = number;
      this.#outgoing.sessions.set(session, { ...(this.#entryOf(session) ?? entry), received: number });
      this.#host.deliver(session, frame);
    }
  }
}

/** Starts a cluster before the tests of a file and stops it after the last one. */
export function startCluster(
  replicas: number,
  settings: Partial<WorldRoomSettings> = {},
  maxConnectionsPerAddress = 0,
): TestCluster {
  const cluster = new TestCluster(replicas, settings, maxConnectionsPerAddress);
  beforeAll(() => cluster.start());
  afterAll(() => cluster.stop());
  return cluster;
}

async function readJson(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || "{}");
}
