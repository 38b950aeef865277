// Runs the rooms of the cluster in the authority. The sockets of the clients may be in any process of the cluster: the
// host passes frames on, and publishes the changes of all rooms once per tick.
import {
  CloseCode,
  connectClientToRoom,
  createAuthContext,
  ErrorCode,
  matchMaker,
  Protocol,
  type ServerError,
  WebSocketClient,
} from "colyseus";
import { Metronome } from "../../rooms/metronome.ts";
import type { PlayerRecord } from "../../rooms/player-store.ts";
import { TICK_HZ, TICK_MS } from "../../sim/rules.ts";
import { emitFrame } from "../sockets/frame-guard.ts";
import type { ReservedSeat } from "../sockets/seats.ts";
import type { ConnectAnswer, ConnectRequest } from "./connect-request.ts";
import type { Content, Host, HostLink, ProcessId, Snapshot } from "./core/ports.ts";
import type { SeatsHost } from "./host-seats.ts";
import { HostSessions } from "./host-sessions.ts";
import type { HostedRoom } from "./hosted-room.ts";
import type { AddressCount } from "./join-limits.ts";
import { CHANGES, EVERYTHING, writeMessage } from "./mirror/mirror.ts";
import type { RestoredPlayers } from "./mirror/mirror-serializer.ts";
import type { News, RoomRecord } from "./mirror/news.ts";
import { SchemaWriter } from "./mirror/schema-bytes.ts";
import { type RealSocket, RemoteSocket } from "./remote-socket.ts";
import { Restoration, type RestoringHost } from "./restoration.ts";

/** The initial size in bytes of the buffer for the changes of a tick. */
const MESSAGE_SIZE = 64 * 1024;

/** The rooms of the cluster. */
export class RoomHost implements Host, SeatsHost {
  /** Undefined until the rooms are restored. */
  #link: HostLink | undefined;
  readonly #onEnd: (ended: Promise<unknown>) => void;
  readonly #rooms = new Map<string, HostedRoom>();
  readonly #sessions = new HostSessions();
  readonly #out = new SchemaWriter(MESSAGE_SIZE);
  readonly #started = Promise.withResolvers<void>();
  /** Resolves when the work that was begun last is done: ending earlier rooms, preparing rooms, or starting them. */
  #work: Promise<unknown>;
  #newRooms: RoomRecord[] = [];
  #endedRooms: string[] = [];
  #clock: Metronome | undefined;
  #ticks = 0;
  /** The cluster's clock minus the clock of this process, in ms. */
  #timeOffset = 0;
  /** Calls that arrived before the rooms were restored. */
  #early: (() => void)[] | undefined = [];
  #restoration: Restoration | undefined;
  #isEnded = false;
  #isStarting = false;

  /**
   * @param before resolves when the rooms of an earlier host of this process have ended.
   * @param onEnd is called by `end` with a promise that resolves when the rooms have ended.
   */
  constructor(before: Promise<unknown>, onEnd: (ended: Promise<unknown>) => void) {
    this.#work = before;
    this.#onEnd = onEnd;
  }

  /**
   * Restores most of the rooms from a snapshot, before this process is the authority. Resolves when they are restored.
   * They do not tick, send nothing, and save no records, until `start` is called.
   */
  prepare(snapshot: Snapshot): Promise<void> {
    const prepared = this.#work.then(() => this.#prepare(snapshot));
    this.#work = prepared.catch(() => {});
    return prepared;
  }

  /** Restores the rooms from a snapshot, if there is one, and starts their ticks. */
  start(link: HostLink, snapshot: Snapshot | undefined): void {
    this.#isStarting = true;
    this.#restoration?.stopPreparing();
    this.#work = this.#work.then(() => this.#start(link, snapshot)).then(this.#started.resolve, this.#started.reject);
  }

  /** Whether `start` was called. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Resolves when `start` has restored the rooms. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Whether the rooms may save players: this process is the authority, and its rooms are restored. */
  get isRunning(): boolean {
    return this.#link !== undefined && !this.#isEnded;
  }

  /** The cluster's clock in ms. It goes on when another process becomes the authority. */
  get time(): number {
    return this.#restoration?.time ?? performance.now() + this.#timeOffset;
  }

  request(from: ProcessId, content: Content, answer: (content: Content) => void): void {
    this.#whenStarted(async () => answer(await this.#connect(from, content as ConnectRequest)));
  }

  deliver(session: string, frame: Uint8Array): void {
    this.#whenStarted(() => {
      const known = this.#sessions.get(session);
      if (!known?.connection) return;
      emitFrame(known.connection.socket, frame);
      if (frame[0] === Protocol.JOIN_ROOM) this.#sessions.acknowledged(known);
    });
  }

  disconnect(session: string, code: number): void {
    this.#whenStarted(() => this.#sessions.get(session)?.connection?.socket.ended(code));
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#clock?.stop();
    this.#onEnd(this.#work.then(() => this.#endRooms()));
  }

  /** Called when a room of this process was created. */
  roomCreated(room: HostedRoom): void {
    this.#rooms.set(room.record.id, room);
    this.#newRooms.push(room.record);
  }

  /** Called when a room of this process ends. */
  roomEnded(id: string): void {
    if (!this.#rooms.delete(id)) return;
    this.#endedRooms.push(id);
    this.#newRooms = this.#newRooms.filter((room) => room.id !== id);
  }

  /** Called when a seat was reserved for a client. */
  reserved(roomId: string, seat: ReservedSeat): void {
    const room = this.#rooms.get(roomId);
    if (room) this.#sessions.reserved(room, seat, this.time + 1000 * room.room.seatReservationTimeout);
  }

  /** Called with the address of the client for which a seat was reserved. */
  reservedFor(sessionId: string, address: string): void {
    const session = this.#sessions.get(sessionId);
    if (session) this.#sessions.reservedFor(session, address);
  }

  /** Returns how many connections and seats of an address count towards the limits, in all processes. */
  countFrom(address: string): AddressCount {
    return this.#sessions.countFrom(address);
  }

  hold(sessionId: string, seconds: number): number {
    const session = this.#sessions.get(sessionId);
    if (!session) return seconds;
    const until = Math.min(session.until ?? Number.POSITIVE_INFINITY, this.time + 1000 * seconds);
    this.#sessions.held(session, until);
    return Math.max(0, until - this.time) / 1000;
  }

  left(sessionId: string): void {
    const isOpen = this.#sessions.get(sessionId)?.connection?.socket.isOpen === true;
    // The framework closes an open connection right after the session has ended, and that close calls `#linkEnded`.
    if (this.#sessions.ended(sessionId) && !isOpen) this.#linkEnded(sessionId);
  }

  tokenOf(presented: string, sessionId?: string): string {
    return this.#sessions.tokenOf(presented, sessionId);
  }

  /** Returns the players that a room must restore; undefined for a new room. */
  restoredPlayersOf(roomId: string): RestoredPlayers | undefined {
    return this.#restoration?.playersOf(roomId);
  }

  /** Returns the record of a player that is being restored. The store may be unavailable, or have an older record. */
  restoredRecordOf(player: string, map: string): Promise<PlayerRecord> | undefined {
    return this.#restoration?.recordOf(player, map);
  }

  async #prepare(snapshot: Snapshot): Promise<void> {
    if (this.#isEnded || this.#isStarting) return;
    this.#restoration = new Restoration();
    await this.#restoration.prepare(this.#restoring, snapshot);
  }

  async #start(link: HostLink, snapshot: Snapshot | undefined): Promise<void> {
    if (this.#isEnded) return;
    const ended = snapshot ? await this.#restore(snapshot) : [];
    if (this.#isEnded) return;
    this.#link = link;
    for (const session of ended) link.ended(session);
    this.#clock = new Metronome(TICK_MS, () => this.#beat());
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const call of early) call();
  }

  /** @returns the sessions that could not be restored. */
  async #restore(snapshot: Snapshot): Promise<string[]> {
    this.#restoration ??= new Restoration();
    const ended = await this.#restoration.complete(this.#restoring, snapshot);
    this.#timeOffset = this.#restoration.time - performance.now();
    this.#restoration = undefined;
    return ended;
  }

  get #restoring(): RestoringHost {
    return {
      sessions: this.#sessions,
      rooms: () => this.#rooms.values(),
      roomOf: (id) => this.#rooms.get(id),
      clientOf: (session, socket, isMuted) => this.#clientOf(session, socket, isMuted),
      isEnded: () => this.#isEnded,
    };
  }

  #whenStarted(call: () => unknown): void {
    if (this.#early) this.#early.push(call);
    else if (!this.#isEnded) void call();
  }

  async #connect(process: ProcessId, request: ConnectRequest): Promise<ConnectAnswer> {
    const { session, connection: id, token, skipHandshake, address } = request;
    // A process repeats its request to a new authority. The restored session may already have this connection.
    if (this.#sessions.get(session)?.connection?.id === id) return { type: "connected" };
    const client = this.#clientOf(session, { process, id, address, transport: request.transport });
    try {
      await connectClientToRoom(
        matchMaker.getLocalRoomById(request.room),
        client as unknown as Parameters<typeof connectClientToRoom>[1],
        createAuthContext({ headers: {}, remoteAddress: address }),
        { reconnectionToken: token && this.tokenOf(token, session), skipHandshake },
      );
      return { type: "connected" };
    } catch (error) {
      // The process of the real socket closes the connection of a refused client. This process only ends the session.
      if ((client.ref as unknown as RemoteSocket).isOpen) this.#linkEnded(session);
      const { code = ErrorCode.MATCHMAKE_UNHANDLED, message } = error as ServerError;
      return { type: "refused", code, message };
    }
  }

  /**
   * Creates a framework client. Its real socket is in some process of the cluster.
   * @param isMuted returns whether the client is being restored. Frames to the client are then dropped.
   */
  #clientOf(session: string, { process, id, ...ref }: RealSocket, isMuted?: () => boolean): WebSocketClient {
    const socket: RemoteSocket = new RemoteSocket(
      {
        open: () => {
          const known = this.#sessions.get(session);
          if (known) this.#sessions.connected(known, { client, socket, id });
          if (isMuted?.() || this.#isEnded) return;
          known?.room.serializer.setAppliedBefore(session, 0);
          this.#link?.connected(session, process, id);
        },
        send: (frame) => {
          if (!isMuted?.() && !this.#isEnded) this.#link?.send(session, frame);
        },
        close: (code, reason) => {
          if (!this.#isEnded) this.#link?.close(session, code, reason);
          if (!this.#sessions.get(session)) this.#linkEnded(session);
        },
      },
      ref,
    );
    const client = new WebSocketClient(session, socket as unknown as ConstructorParameters<typeof WebSocketClient>[1]);
    return client;
  }

  #linkEnded(session: string): void {
    if (!this.#isEnded) this.#link?.ended(session);
  }

  /** One tick of all rooms. */
  #beat(): void {
    if (!this.#link?.isAuthority) return;
    for (const { tick } of this.#rooms.values()) tick();
    if (this.#ticks % TICK_HZ === 0) this.#endExpiredSeats();
    this.#publish();
    this.#ticks++;
  }

  #publish(): void {
    const out = this.#out;
    const sections: [string, Uint8Array][] = [];
    for (const [id, { serializer }] of this.#rooms) {
      const section = serializer.takeSection();
      if (section) sections.push([id, section]);
    }
    const news: News = {
      ...(this.#newRooms.length > 0 && { rooms: this.#newRooms }),
      ...(this.#endedRooms.length > 0 && { endedRooms: this.#endedRooms }),
      ...this.#sessions.takeNews(),
    };
    this.#newRooms = [];
    this.#endedRooms = [];
    out.clear();
    writeMessage(out, { kind: this.#ticks === 0 ? EVERYTHING : CHANGES, time: this.time, age: 0, news, sections });
    this.#link!.publish(Buffer.from(out.written()));
  }

  /** Ends the sessions of reserved seats that no client has claimed in time. */
  #endExpiredSeats(): void {
    for (const { id, room, connection, options } of this.#sessions.all())
      if (options !== undefined && !connection && !room.seats.has(id)) this.#sessions.ended(id);
  }

  async #endRooms(): Promise<void> {
    const rooms = [...this.#rooms.values()];
    await Promise.allSettled(rooms.map(({ room }) => room.disconnect(CloseCode.MAY_TRY_RECONNECT)));
  }
}
