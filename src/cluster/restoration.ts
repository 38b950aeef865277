// Creates the rooms of the cluster from the last state that another authority has published. A room sees ordinary
// joins: each client joins again through the room's `onJoin`, with its player unchanged.
import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { IRef, Schema } from "@colyseus/schema";
import { connectClientToRoom, createAuthContext, logger, matchMaker, Protocol, type WebSocketClient } from "colyseus";
import { fieldsOf } from "../../rooms/interest/state-requirements.ts";
import { type PlayerRecord, persistedFieldsOf } from "../../rooms/player-store.ts";
import type { Player } from "../../schema/player.ts";
import type { WorldState } from "../../schema/world-state.ts";
import type { Input } from "../../sim/apply-input.ts";
import { ABNORMAL_CLOSURE } from "../sockets/limited-socket.ts";
import type { SessionEntry } from "./core/ports.ts";
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
  roomOf(id: string): HostedRoom | undefined;
  clientOf(session: string, socket: RealSocket, isMuted: () => boolean): WebSocketClient;
  /** Whether the process is not the authority any more. */
  isEnded(): boolean;
}

/** The waiting inputs of a room: queued moves and queued predicted inputs. */
type Waiting = Readonly<Record<"moves" | "predicted", WaitingInputs>>;

/** The number of sessions that are restored before the process does something else, for example renews its lease. */
const SESSIONS_AT_ONCE = 100;

/** Seconds for which a restored session's seat is reserved. More than enough: the session joins in less than a tick. */
const JOIN_SECONDS = 60;

/** Restores the rooms and sessions that another authority has published. */
export class Restoration {
  readonly #mirror = new Mirror();
  readonly #entries: ReadonlyMap<string, SessionEntry>;
  readonly #players = new Map<string, RestoredPlayers>();
  readonly #records = new Map<string, PlayerRecord>();
  readonly #waiting = new Map<string, Waiting>();

  /** @param rooms the rooms, as `Replica.snapshot` has returned them. */
  constructor(rooms: Uint8Array, sessions: readonly SessionEntry[]) {
    this.#mirror.read(rooms);
    this.#entries = new Map(sessions.map((entry) => [entry.session, entry]));
    for (const room of this.#mirror.rooms.values()) {
      const ids = new Map(Array.from(room.players.all(), ({ sessionId, refId }) => [sessionId, refId]));
      this.#players.set(room.record.id, { maxId: room.maxId, ids });
      this.#waiting.set(room.record.id, room.waitingInputs());
    }
  }

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

  /** Restores all rooms and sessions. @returns the sessions that could not be restored. */
  async run(host: RestoringHost): Promise<string[]> {
    for (const room of this.#mirror.rooms.values()) await this.#restoreRoom(room, host);
    const ended: string[] = [...this.#entries.keys()].filter((session) => !this.#mirror.sessions.has(session));
    let count = 0;
    for (const record of this.#mirror.sessions.values()) {
      if (host.isEnded()) return [];
      try {
        if (!(await this.#restoreSession(record, host))) ended.push(record.id);
      } catch (error) {
        logger.error({ err: error, session: record.id }, "restoring a session failed; it ends");
        ended.push(record.id);
      }
      if (++count % SESSIONS_AT_ONCE === 0) await yieldToEventLoop();
    }
    return ended;
  }

  async #restoreRoom({ record, clock, state }: MirroredRoom, host: RestoringHost): Promise<void> {
    try {
      await matchMaker.handleCreateRoom(record.name, record.options, undefined, record.id);
    } catch (error) {
      logger.error({ err: error, room: record.id }, "restoring a room failed; its sessions end");
      return;
    }
    const room = host.roomOf(record.id)?.room;
    if (!room) return;
    room.clock.elapsedTime = Math.round(clock + this.#mirror.age);
    clearShared(room.state as IRef);
    copyShared(state, room.state as IRef);
  }

  async #restoreSession(record: SessionRecord, host: RestoringHost): Promise<boolean> {
    const { id, auth, options, until, address } = record;
    const room = host.roomOf(record.room);
    const secondsLeft = until === undefined ? JOIN_SECONDS : (until - this.time) / 1000;
    if (!room || secondsLeft <= 0) return false;
    if (options !== undefined) {
      if (!(await room.seats.reserve({ sessionId: id, options, auth }, secondsLeft))) return false;
      if (address !== undefined) host.sessions.reservedFor(host.sessions.get(id)!, address);
      return true;
    }
    const mirrored = this.#mirror.rooms.get(record.room)!;
    const player = mirrored.players.of(id);
    return player !== undefined && this.#restorePlayer(record, player, room, host);
  }

  async #restorePlayer(
    record: SessionRecord,
    player: MirroredPlayer,
    room: HostedRoom,
    host: RestoringHost,
  ): Promise<boolean> {
    const { id, auth, until, tokens, transport = "sdk", address } = record;
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
    host.sessions.replaceTokens(session, tokens);
    if (process === undefined || until !== undefined) {
      session.until = until;
      ref.ended(ABNORMAL_CLOSURE);
    } else restoreInputs(session, player, this.#waiting.get(record.room)!);
    isMuted = false;
    return true;
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
  const values = player as unknown as Record<string, unknown>;
  const names = fieldsOf(player.constructor as typeof Schema).map(({ name }) => name);
  return Object.fromEntries(
    names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]),
  ) as unknown as Player;
}

function keyOf(player: string, map: string): string {
  return JSON.stringify([player, map]);
}
