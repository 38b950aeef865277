// Creates the rooms of the cluster from the last state that another authority has published. A room sees ordinary
// joins: each client joins again through the room's `onJoin`, with its player unchanged.
import { setTimeout as delay, setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { IRef, Schema } from "@colyseus/schema";
import {
  CloseCode,
  connectClientToRoom,
  createAuthContext,
  logger,
  matchMaker,
  Protocol,
  type Room,
  type WebSocketClient,
} from "colyseus";
import { fieldsOf } from "../../rooms/interest/state-requirements.ts";
import { type PlayerRecord, persistedFieldsOf } from "../../rooms/player-store.ts";
import type { Player } from "../../schema/player.ts";
import type { WorldState } from "../../schema/world-state.ts";
import type { Input } from "../../sim/apply-input.ts";
import { ABNORMAL_CLOSURE } from "../sockets/limited-socket.ts";
import type { SessionEntry, Snapshot } from "./core/ports.ts";
import type { HostSession, HostSessions } from "./host-sessions.ts";
import type { HostedRoom } from "./hosted-room.ts";
import { inputFrameBody } from "./mirror/input-format.ts";
import { Mirror } from "./mirror/mirror.ts";
import type { RestoredPlayers } from "./mirror/mirror-serializer.ts";
import type { MirroredPlayer } from "./mirror/mirrored-players.ts";
import type { MirroredRoom } from "./mirror/mirrored-room.ts";
import type { SessionRecord } from "./mirror/news.ts";
import { SchemaWriter } from "./mirror/schema-bytes.ts";
import type { WaitingInputs } from "./mirror/section.ts";
import { clearShared, copyShared } from "./mirror/shared-state.ts";
import type { RealSocket } from "./remote-socket.ts";

/** The part of the host that is needed to restore its rooms. */
export interface RestoringHost {
  readonly sessions: HostSessions;
  rooms(): Iterable<HostedRoom>;
  roomOf(id: string): HostedRoom | undefined;
  clientOf(session: string, socket: RealSocket, isMuted: () => boolean): WebSocketClient;
  /** Whether the process is not the authority any more. */
  isEnded(): boolean;
}

/** The waiting inputs of a room: queued moves and queued predicted inputs. */
type Waiting = Readonly<Record<"moves" | "predicted", WaitingInputs>>;

/** The values of the fields of a player, by name. */
type Values = Record<string, unknown>;

/** A player that `prepare` has restored. */
interface PreparedPlayer {
  readonly connection: string;
  readonly refId: number;
}

/** The number of sessions that are restored before the process does something else, for example renews its lease. */
const SESSIONS_AT_ONCE = 100;

/** The number of sessions that are prepared before the process serves its own clients again. */
const PREPARED_AT_ONCE = 4;

/** Milliseconds within which the `onLeave` of prepared sessions that have ended must be done. */
const LEAVE_TIMEOUT_MS = 500;

/** Seconds for which a restored session's seat is reserved. More than enough: the session joins in less than a tick. */
const JOIN_SECONDS = 60;

/**
 * Restores the rooms and sessions that another authority has published. `prepare` may restore most of them from an
 * earlier state, while that authority still runs its rooms. `complete` restores the rest from the last state.
 */
export class Restoration {
  readonly #mirror = new Mirror();
  #entries: ReadonlyMap<string, SessionEntry> = new Map();
  readonly #players = new Map<string, RestoredPlayers>();
  readonly #records = new Map<string, PlayerRecord>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #prepared = new Map<string, PreparedPlayer>();
  /** Whether each room may end by itself while it has no clients. Until all is restored, none may. */
  readonly #disposing = new Map<Room, boolean>();
  #isPreparing = false;

  /** The current time of the cluster's clock in ms. */
  get time(): number {
    return this.#mirror.time;
  }

  /** Returns the reference ids that the players of a room must keep. */
  playersOf(roomId: string): RestoredPlayers | undefined {
    return this.#players.get(roomId);
  }

  /** Returns the record of a player who is being restored on this map. */
  recordOf(player: string, map: string): Promise<PlayerRecord> | undefined {
    const record = this.#records.get(keyOf(player, map));
    return record && Promise.resolve(record);
  }

  /** Creates the rooms, and restores the players that are connected. Ends early once `stopPreparing` was called. */
  async prepare(host: RestoringHost, snapshot: Snapshot): Promise<void> {
    this.#isPreparing = true;
    this.#read(snapshot);
    for (const room of this.#mirror.rooms.values())
      if (this.#isPreparing && !host.isEnded()) await this.#restoreRoom(room, host);
    let count = 0;
    for (const record of this.#mirror.sessions.values()) {
      if (!this.#isPreparing || host.isEnded()) return;
      const entry = this.#entries.get(record.id);
      if (record.options !== undefined || record.until !== undefined || entry?.process === undefined) continue;
      if (await this.#restoreSession(record, host))
        this.#prepared.set(record.id, { connection: entry.connection, refId: this.#playerOf(record)!.refId });
      if (++count % PREPARED_AT_ONCE === 0) await yieldToEventLoop();
    }
  }

  /** Makes a running `prepare` end soon. */
  stopPreparing(): void {
    this.#isPreparing = false;
  }

  /** Restores all rooms and sessions that are not prepared. @returns the sessions that could not be restored. */
  async complete(host: RestoringHost, snapshot: Snapshot): Promise<string[]> {
    this.#isPreparing = false;
    this.#read(snapshot);
    await this.#completeRooms(host);
    const ended: string[] = [...this.#entries.keys()].filter((session) => !this.#mirror.sessions.has(session));
    let count = 0;
    for (const record of this.#mirror.sessions.values()) {
      if (host.isEnded()) return [];
      if (!(await this.#restoreSession(record, host))) ended.push(record.id);
      if (++count % SESSIONS_AT_ONCE === 0) await yieldToEventLoop();
    }
    for (const room of host.rooms()) {
      // A developer's room may have changed its state when the restored players joined.
      const mirrored = this.#mirror.rooms.get(room.record.id);
      if (mirrored) this.#updateRoom(mirrored, room);
      // A room without clients may end from now on.
      room.room.autoDispose = this.#disposing.get(room.room) ?? room.room.autoDispose;
    }
    return ended;
  }

  #read({ rooms, sessions }: Snapshot): void {
    this.#mirror.read(rooms);
    this.#entries = new Map(sessions.map((entry) => [entry.session, entry]));
    this.#players.clear();
    this.#waiting.clear();
    for (const room of this.#mirror.rooms.values()) {
      const ids = new Map(Array.from(room.players.all(), ({ sessionId, refId }) => [sessionId, refId]));
      this.#players.set(room.record.id, { maxId: room.maxId, ids });
      this.#waiting.set(room.record.id, room.waitingInputs());
    }
  }

  /** Creates the missing rooms, brings the others up to date, and ends rooms and sessions that have ended. */
  async #completeRooms(host: RestoringHost): Promise<void> {
    for (const { room, record } of [...host.rooms()])
      if (!this.#mirror.rooms.has(record.id)) await room.disconnect(CloseCode.MAY_TRY_RECONNECT);
    const gone = [...host.sessions.all()].filter(({ id }) => !this.#isAsPrepared(id));
    for (const { connection } of gone) connection?.socket.ended(CloseCode.CONSENTED);
    if (gone.length > 0) await untilEnded(gone, host);
    for (const mirrored of this.#mirror.rooms.values()) {
      const room = host.roomOf(mirrored.record.id);
      if (room) room.serializer.restore(this.#players.get(mirrored.record.id)!);
      else await this.#restoreRoom(mirrored, host);
    }
  }

  /** Whether a session has a prepared player, and still has the same player and the same connection, open or lost. */
  #isAsPrepared(id: string): boolean {
    const prepared = this.#prepared.get(id);
    const record = this.#mirror.sessions.get(id);
    return (
      prepared !== undefined &&
      record !== undefined &&
      this.#entries.get(id)?.connection === prepared.connection &&
      this.#playerOf(record)?.refId === prepared.refId
    );
  }

  #playerOf({ id, room }: SessionRecord): MirroredPlayer | undefined {
    return this.#mirror.rooms.get(room)?.players.of(id);
  }

  async #restoreRoom(mirrored: MirroredRoom, host: RestoringHost): Promise<void> {
    const { record } = mirrored;
    try {
      await matchMaker.handleCreateRoom(record.name, record.options, undefined, record.id);
    } catch (error) {
      logger.error({ err: error, room: record.id }, "restoring a room failed; its sessions end");
      return;
    }
    const room = host.roomOf(record.id);
    if (!room) return;
    this.#disposing.set(room.room, room.room.autoDispose);
    room.room.autoDispose = false;
    clearShared(room.room.state as IRef);
    this.#updateRoom(mirrored, room);
  }

  #updateRoom({ clock, state }: MirroredRoom, { room }: HostedRoom): void {
    room.clock.elapsedTime = Math.round(clock + this.#mirror.age);
    room.clock.currentTime = Date.now();
    copyShared(state, room.state as IRef);
  }

  /** Restores a session, or brings a prepared one up to date. @returns whether the session goes on. */
  async #restoreSession(record: SessionRecord, host: RestoringHost): Promise<boolean> {
    const { id } = record;
    try {
      const session = host.sessions.get(id);
      if (!session) return await this.#createSession(record, host);
      if (!this.#isAsPrepared(id)) throw new Error("the earlier session with this id has not ended");
      this.#updateSession(record, session, host);
      return true;
    } catch (error) {
      logger.error({ err: error, session: id }, "restoring a session failed; it ends");
      host.sessions.get(id)?.connection?.socket.ended(CloseCode.CONSENTED);
      return false;
    }
  }

  #updateSession(record: SessionRecord, session: HostSession, host: RestoringHost): void {
    const mirrored = this.#playerOf(record)!;
    const { id, room } = session;
    const player = (room.room.state as WorldState).players.get(id)!;
    copyFields(mirrored.player, player);
    // The player leaves and joins, so that a recording of the world contains its new position.
    room.world.leave(id);
    room.world.join(id, player, { x: player.x, y: player.y });
    this.#resume(record, session, mirrored, host);
  }

  async #createSession(record: SessionRecord, host: RestoringHost): Promise<boolean> {
    const { id, auth, options, until, address } = record;
    const room = host.roomOf(record.room);
    const secondsLeft = until === undefined ? JOIN_SECONDS : (until - this.time) / 1000;
    if (!room || secondsLeft <= 0) return false;
    if (options !== undefined) {
      if (!(await room.seats.reserve({ sessionId: id, options, auth }, secondsLeft))) return false;
      if (address !== undefined) host.sessions.reservedFor(host.sessions.get(id)!, address);
      return true;
    }
    const player = this.#playerOf(record);
    return player !== undefined && this.#restorePlayer(record, player, room, host);
  }

  async #restorePlayer(
    record: SessionRecord,
    player: MirroredPlayer,
    room: HostedRoom,
    host: RestoringHost,
  ): Promise<boolean> {
    const { id, auth, transport = "sdk", address } = record;
    const { map } = room.room.state as WorldState;
    const fields = fieldsOfPlayer(player.player);
    this.#remember(auth, map, fields);
    const options = { player: fields, arrival: { map, x: player.player.x, y: player.player.y } };
    if (!(await room.seats.reserve({ sessionId: id, options, auth }, JOIN_SECONDS))) return false;
    const { process, connection } = this.#entries.get(id) ?? { process: undefined, connection: "" };
    let isMuted = true;
    const socket: RealSocket = { process: process ?? "", id: connection, transport, address };
    const client = host.clientOf(id, socket, () => isMuted);
    await connectClientToRoom(
      room.room,
      client as unknown as Parameters<typeof connectClientToRoom>[1],
      createAuthContext({ headers: {}, remoteAddress: address }),
      {},
    );
    const session = host.sessions.get(id);
    const ref = session?.connection?.socket;
    if (!ref) return false;
    ref.emit("message", Buffer.of(Protocol.JOIN_ROOM));
    if (!this.#isPreparing) this.#resume(record, session, player, host);
    isMuted = false;
    return true;
  }

  /** Sets the tokens of a restored session. Restores its waiting inputs, or its held seat if its connection is lost. */
  #resume(
    { id, until, tokens, room }: SessionRecord,
    session: HostSession,
    player: MirroredPlayer,
    host: RestoringHost,
  ): void {
    host.sessions.replaceTokens(session, tokens);
    if (this.#entries.get(id)?.process === undefined || until !== undefined) {
      session.until = until;
      session.connection!.socket.ended(ABNORMAL_CLOSURE);
    } else restoreInputs(session, player, this.#waiting.get(room)!);
  }

  /** Remembers the record of a signed-in player for the room's `onJoin`. */
  #remember(auth: unknown, map: string, fields: Player): void {
    const player = (auth as { id?: string } | undefined)?.id;
    if (player === undefined) return;
    this.#records.set(keyOf(player, map), persistedFieldsOf(fields, { player, map, savedAt: 0 }) as PlayerRecord);
  }
}

/** Requeues the inputs that had arrived but had not been applied yet. */
function restoreInputs(session: HostSession, { slot, latest, consumedCount }: MirroredPlayer, waiting: Waiting): void {
  const { id, room, connection } = session;
  for (const input of waiting.moves.get(slot) ?? []) room.world.queueMove(id, input);
  const inputs = room.room.inputs.get(id);
  inputs.clear(); // A preparation that was cut short may have queued inputs of an earlier state.
  const { socket } = connection!;
  const predicted = waiting.predicted.get(slot) ?? [];
  // A client sends only those fields of an input that differ from its last input. So the framework must know the last
  // input, even if the world applied it long ago.
  if (predicted.length === 0 && latest) {
    socket.emit("message", frameOf(latest));
    inputs.clear();
  }
  room.serializer.setAppliedBefore(id, consumedCount - inputs.consumedCount);
  for (const input of predicted) socket.emit("message", frameOf(input));
}

function frameOf(input: Input): Uint8Array {
  const out = new SchemaWriter(64);
  out.byte(Protocol.ROOM_INPUT_RELIABLE);
  inputFrameBody(input, out);
  return out.written();
}

function fieldsOfPlayer(player: IRef): Player {
  const values = player as unknown as Values;
  return Object.fromEntries(
    namesOfFields(player)
      .filter((name) => values[name] !== undefined)
      .map((name) => [name, values[name]]),
  ) as unknown as Player;
}

/** Resolves when the framework has ended these sessions, including a developer's `onLeave`. */
async function untilEnded(sessions: readonly HostSession[], host: RestoringHost): Promise<void> {
  const end = performance.now() + LEAVE_TIMEOUT_MS;
  await yieldToEventLoop();
  while (sessions.some((session) => host.sessions.get(session.id) === session) && performance.now() < end)
    await delay(1);
  // The framework finishes the end of a session after `onLeave`.
  await yieldToEventLoop();
}

function copyFields(source: IRef, target: IRef): void {
  const from = source as unknown as Values;
  const to = target as unknown as Values;
  for (const name of namesOfFields(target)) if (to[name] !== from[name]) to[name] = from[name];
}

function namesOfFields(player: IRef): string[] {
  return fieldsOf(player.constructor as typeof Schema).map(({ name }) => name);
}

function keyOf(player: string, map: string): string {
  return JSON.stringify([player, map]);
}
