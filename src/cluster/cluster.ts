// One process of a cluster: connects the protocol to Redis, to the rooms and connections of this process, and to the
// clock. src/run.ts imports this file only if REDIS_URL is set.
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type AuthContext, matchMaker } from "colyseus";
import type { WorldRoomSettings } from "../../rooms/define-world-room.ts";
import { serverError } from "../../rooms/server-error.ts";
import type { ErrorName } from "../../schema/errors.ts";
import type { IsTakeover } from "../edge/matchmaking.ts";
import type { ClusterFigures } from "../telemetry/cluster-metrics.ts";
import { ClusterNode, type ProtocolLog } from "./core/node.ts";
import type { Content, CreateHost, ProcessId, ReplicaLink } from "./core/ports.ts";
import { Hosting } from "./hosting.ts";
import { JoinLimits } from "./join-limits.ts";
import { type Ask, answerJoin, type Invoke, JOIN, remoteMatchmaking } from "./joins.ts";
import { answerMonitor, MONITOR } from "./monitor.ts";
import { Placement, type ProcessStatus, STATUS } from "./placement.ts";
import { RedisBus } from "./redis-bus.ts";
import type { RedisSettings } from "./redis-connection.ts";
import { RedisLease } from "./redis-lease.ts";
import { ClusterReplica, type ReplicaSettings } from "./replica.ts";
import { retire } from "./retire.ts";

/** Milliseconds between two calls of the protocol's `advance`. */
const ADVANCE_MS = 10;

/** Milliseconds within which the authority must answer a question. */
const ANSWER_TIMEOUT_MS = 3000;

/** Milliseconds between two reports of this process to the authority. */
const STATUS_MS = 1000;

/** Milliseconds without news of the authority after which this process accepts no new players. */
const MAX_SILENCE_MS = 2000;

/** A full process accepts clients with a reserved seat until it exceeds its limit by this share. */
const RESERVE = 0.25;

/** Milliseconds within which the clients of a process that is stopping must have closed their connections. */
const RETIRE_TIMEOUT_MS = 8000;

/** The settings of one process of a cluster. */
export interface ClusterSettings {
  redis: RedisSettings;
  /** The beginning of all names in Redis. */
  prefix: string;
  process: ProcessId;
  /** The largest epoch that the database knows. */
  knownEpoch: number;
  /** Maximum connections of clients to this process; 0 for no limit. */
  maxConnections: number;
  /** Maximum players on each map, including held seats; 0 for no limit. */
  maxPlayersPerWorld: number;
  /** Maximum connections from each client address to all processes; 0 for no limit. */
  maxConnectionsPerAddress: number;
  /** Maximum joins per minute from each client address, through all processes; 0 for no limit. */
  maxJoinsPerMinute: number;
  /** The address at which clients reach this process; undefined if they connect through a balancer. */
  publicAddress: string | undefined;
  /** The credentials of this process's own monitor. */
  monitor: { user: string; password: string };
  /** Called with the epoch of this process before the process runs the rooms. */
  fence: (epoch: number) => void;
  log: ProtocolLog;
}

/** The parts of the app that a cluster needs. */
export interface ClusterParts extends Omit<ReplicaSettings, "reservePlain"> {
  /** Returns whether a join takes over the session of a player in a room of this process. */
  isTakeover: IsTakeover;
  /**
   * Returns the error with which this process itself would refuse new players now, regardless of the state of the
   * cluster. Returns undefined if the process would accept them.
   */
  refusal: () => ErrorName | undefined;
  /** Returns the address on which this process listens. */
  address: () => AddressInfo;
  /** Called when Redis has answered a command. */
  onRoundTrip: (milliseconds: number) => void;
}

/** This process as a part of its cluster. */
export class Cluster {
  readonly #settings: ClusterSettings;
  readonly #address: () => AddressInfo;
  readonly #hosting = new Hosting();
  readonly #replica: ClusterReplica;
  readonly #link: ReplicaLink;
  readonly #bus: RedisBus;
  readonly #lease: RedisLease;
  readonly #node: ClusterNode;
  readonly #limits: JoinLimits;
  readonly #placement = new Placement(
    () => performance.now(),
    () => this.#node.figures.alive.length,
  );
  /** The framework's own matchmaking. */
  readonly #ownMatchmaking: Invoke;
  readonly #timers: NodeJS.Timeout[] = [];
  #isStopping = false;

  /**
   * Connects to Redis, and lets the framework's matchmaking ask the authority. Create the cluster before
   * `watchMatchmaking` adds limits to matchmaking. The authority then answers joins without these limits, which the
   * asking process has already applied.
   */
  constructor(settings: ClusterSettings, { address, refusal, isTakeover, onRoundTrip, ...parts }: ClusterParts) {
    this.#settings = settings;
    this.#limits = new JoinLimits(settings, this.#hosting.addresses, isTakeover);
    this.#address = address;
    const { redis, prefix, process, knownEpoch, log } = settings;
    const connection = { redis, prefix, process, onRoundTrip };
    this.#bus = new RedisBus({
      ...connection,
      onMessage: (message) => this.#node.receive(message),
      onState: (isReady, reason) =>
        isReady ? log.info({}, "connected to Redis") : log.warn({ reason }, "Redis is unavailable"),
    });
    this.#lease = new RedisLease(connection);
    const askForSeat: Ask = async (content) => {
      // A player that returns to its seat is not a new player.
      const error = content.method === "reconnect" ? undefined : (this.#unlessStopping(refusal()) ?? this.#refusal);
      if (error) throw serverError(error);
      return this.#ask(content);
    };
    const matchmaking = remoteMatchmaking(askForSeat);
    const reservePlain = async (options: object, auth: AuthContext) => {
      // A plain client does not follow the address of its seat. It stays at this process, which must have room for it.
      if (this.#isFull) throw serverError("busy");
      return matchmaking("joinOrCreate", "world", options, auth) as ReturnType<ReplicaSettings["reservePlain"]>;
    };
    let replica: ClusterReplica | undefined;
    let link: ReplicaLink | undefined;
    this.#node = new ClusterNode({
      process,
      clock: () => performance.now(),
      bus: this.#bus,
      lease: this.#lease,
      createHost: this.#createHost,
      prepareHost: this.#hosting.prepareHost,
      createReplica: (given) => {
        link = given;
        replica = new ClusterReplica(link, { ...parts, reservePlain });
        return replica;
      },
      knownEpoch,
      log,
    });
    this.#replica = replica!;
    this.#link = link!;
    this.#ownMatchmaking = matchMaker.controller.invokeMethod.bind(matchMaker.controller);
    matchMaker.controller.invokeMethod = matchmaking;
  }

  /** Starts the protocol. Call this method after the process has started to listen for clients. */
  start(): void {
    this.#timers.push(setInterval(() => this.#node.advance(), ADVANCE_MS));
    const { publicAddress } = this.#settings;
    if (publicAddress !== undefined) this.#timers.push(setInterval(() => this.#reportStatus(publicAddress), STATUS_MS));
  }

  /** Returns the settings with which the rooms must be defined. */
  roomSettings(settings: WorldRoomSettings): WorldRoomSettings {
    const { admission } = settings;
    const refusal = (isHere: boolean) => this.#unlessStopping(admission.refusal(isHere));
    const maxPlayers = this.#settings.maxPlayersPerWorld;
    return this.#hosting.roomSettings({ ...settings, admission: { refusal }, maxPlayers, oneRoomPerMap: true });
  }

  /** Handles the upgrade request of an SDK client or of a plain WebSocket client. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // The SDK retries if the socket closes without an HTTP response, and the balancer then chooses another process. A
    // response would end the session.
    if (this.#isStopping || this.#replica.connectionCount >= this.#maxConnections * (1 + RESERVE)) socket.destroy();
    else this.#replica.upgrade(request, socket, head);
  }

  /** The number of clients' connections. */
  get connectionCount(): number {
    return this.#replica.connectionCount;
  }

  /** Why this process accepts no new players; undefined if it accepts them. */
  get blockedReason(): string | undefined {
    return this.#awayReason ?? (this.#isFull ? "full: no new players" : undefined);
  }

  /** Why this process cannot reach the world; undefined if it can. */
  get #awayReason(): string | undefined {
    const { place, silentMs } = this.#node.figures;
    if (!this.#bus.isReady) return "Redis is unavailable: the world stands still";
    if (!this.isAuthority) {
      if (silentMs > MAX_SILENCE_MS) return "no process is the authority: the world stands still";
      if (place.epoch === 0) return "joining the cluster: the world is not here yet";
    }
    return undefined;
  }

  get isAuthority(): boolean {
    return this.#node.role === "authority";
  }

  async askMonitor(path: string): Promise<{ status: number; body: string } | undefined> {
    const answer = await this.#ask({ type: MONITOR, path });
    return answer?.type === "answer" ? (answer as Content & { status: number; body: string }) : undefined;
  }

  /** The state of this process for the metrics. */
  get figures(): ClusterFigures {
    const { role, epoch, alive, silentMs } = this.#node.figures;
    const { bytesSent, bytesReceived } = this.#bus.counters();
    return {
      role,
      epoch,
      processes: alive.length,
      lagMs: role === "authority" ? 0 : silentMs,
      connections: this.connectionCount,
      bytesSent,
      bytesReceived,
    };
  }

  /**
   * Hands the authority over if this process has it.
   * @param isUrgent whether the rooms must pause at once, because their state may be inconsistent.
   * @returns whether another process takes over the rooms.
   */
  async handOver(isUrgent: boolean): Promise<boolean> {
    const authority = await new Promise<ProcessId | undefined>((resolve) => this.#node.handOver(resolve, isUrgent));
    return authority !== undefined && authority !== this.#settings.process;
  }

  /** Moves all clients to the other processes. This process accepts no new connections from now on. */
  async retire(): Promise<void> {
    this.#isStopping = true;
    const timer = new AbortController();
    const timeout = delay(RETIRE_TIMEOUT_MS, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([retire(() => this.#replica.connections()), timeout]);
    timer.abort();
  }

  /** Leaves the cluster. Frees the lease if this process has it. */
  stop(): void {
    this.#replica.stop();
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#node.stop();
    this.#bus.close();
    this.#lease.close();
  }

  readonly #ask: Ask = (content) => new Promise((resolve) => this.#link.request(content, ANSWER_TIMEOUT_MS, resolve));

  get #maxConnections(): number {
    return this.#settings.maxConnections || Number.POSITIVE_INFINITY;
  }

  get #isFull(): boolean {
    return this.#replica.connectionCount >= this.#maxConnections;
  }

  /** The error with which this process refuses new players because of the state of the cluster. */
  get #refusal(): ErrorName | undefined {
    if (this.#awayReason !== undefined) return "clusterAway";
    // With public addresses, the authority sends clients of the SDK to a process that is not full. So a full process
    // can still pass their joins on.
    return this.#isFull && this.#settings.publicAddress === undefined ? "busy" : undefined;
  }

  /**
   * Drops the error `stopping` if there are other processes. This process then still passes joins on to the authority,
   * and the players connect to the other processes.
   */
  #unlessStopping(error: ErrorName | undefined): ErrorName | undefined {
    return error === "stopping" && this.#node.figures.alive.length > 1 ? undefined : error;
  }

  readonly #createHost: CreateHost = (link, snapshot) => {
    this.#settings.fence(this.#node.figures.epoch);
    const host = this.#hosting.createHost(link, snapshot);
    return {
      request: (from, content, answer) => {
        const own = this.#answer(from, content);
        if (own) own.then(answer);
        else host.request(from, content, answer);
      },
      deliver: (session, frame) => host.deliver(session, frame),
      disconnect: (session, code) => host.disconnect(session, code),
      end: () => host.end(),
    };
  };

  /** Answers a question to the authority. Returns undefined if the rooms must answer it. */
  #answer(from: ProcessId, content: Content): Promise<Content> | undefined {
    switch (content.type) {
      case JOIN:
        return this.#hosting.started.then(() =>
          answerJoin(this.#ownMatchmaking, content, this.#limits, this.#placement),
        );
      case MONITOR:
        return answerMonitor(content, this.#address(), this.#settings.monitor);
      case STATUS:
        this.#placement.update(from, content);
        return Promise.resolve({ type: "taken" });
      default:
        return undefined;
    }
  }

  #reportStatus(publicAddress: string): void {
    const room =
      this.blockedReason === undefined && !this.#isStopping ? this.#maxConnections - this.connectionCount : 0;
    const status: ProcessStatus = { publicAddress, room: Math.min(room, Number.MAX_SAFE_INTEGER) };
    this.#link.request({ type: STATUS, ...status }, STATUS_MS, () => {});
  }
}
