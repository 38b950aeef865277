// The mirrored state of one process: applies the authority's messages in order, and makes snapshots of the state.
import { DownOrder } from "./down-order.ts";
import type { Limits } from "./limits.ts";
import { comparePlaces, isSamePlace } from "./place.ts";
import type { DownMessage, MissedMessage, Place, ProcessId, Replica, SessionEntry, SnapshotMessage } from "./ports.ts";
import { messagesSince, RecentMessages } from "./recent-messages.ts";
import type { OwnConnection, SessionTable } from "./session-table.ts";
import type { UpLink } from "./up-link.ts";

/** The close code of a connection that cannot continue, although its session can. SDKs reconnect by themselves. */
export const LOST_CODE = 4010;

interface MirrorOptions {
  readonly process: ProcessId;
  readonly replica: Replica;
  readonly table: SessionTable;
  readonly upLink: UpLink;
  readonly limits: Limits;
}

/** The mirrored state of one process, at one place. */
export class Mirror {
  readonly #process: ProcessId;
  readonly #replica: Replica;
  readonly #table: SessionTable;
  readonly #upLink: UpLink;
  readonly #order: DownOrder;
  readonly #recent: RecentMessages;
  #alive: readonly ProcessId[] = [];
  /** The last result of `rooms`. It is kept because several processes may ask for a snapshot of the same place. */
  #rooms: { readonly place: Place; readonly bytes: Uint8Array } | undefined;
  #loaded = 0;
  #given = 0;

  constructor({ process, replica, table, upLink, limits }: MirrorOptions) {
    this.#process = process;
    this.#replica = replica;
    this.#table = table;
    this.#upLink = upLink;
    this.#order = new DownOrder(limits.laterMessages);
    this.#recent = new RecentMessages(limits.recentMessages);
  }

  /** The place of the mirrored state. */
  get place(): Place {
    return this.#order.place;
  }

  /** The newest place that this process has heard of. */
  get newest(): Place {
    return this.#order.newest;
  }

  /** Whether a message is missing although later ones have arrived. */
  get hasGap(): boolean {
    return this.#order.hasGap;
  }

  /** The processes that were alive at this place. */
  get alive(): readonly ProcessId[] {
    return this.#alive;
  }

  /** The mirrored sessions. */
  get sessions(): SessionEntry[] {
    return this.#table.entries();
  }

  /** Snapshots that replaced the state. */
  get loadedSnapshots(): number {
    return this.#loaded;
  }

  /** Snapshots that other processes have asked for. */
  get givenSnapshots(): number {
    return this.#given;
  }

  /** Receives a message. Applies it if it comes next, and then applies the messages that have waited for it. */
  receive(message: DownMessage): void {
    this.#order.add(message);
    for (let next = this.#apply(); next; next = this.#apply());
  }

  /** Replaces the state with a newer one. */
  load(snapshot: SnapshotMessage): void {
    const before = this.place;
    if (comparePlaces(snapshot.place, before) <= 0) return;
    this.#loaded++;
    const hadConnections = this.#table.ownConnections > 0;
    this.#order.jump(snapshot.place);
    this.#recent.replace(snapshot.missed);
    this.#alive = snapshot.alive;
    // Skips the messages that this process has applied since it asked for the snapshot.
    const missed = messagesSince(snapshot.missed, before);
    const displaced = (missed ?? []).flatMap(({ sessions, ended }) => this.#table.update(sessions, ended).displaced);
    displaced.push(...this.#table.replace(snapshot.sessions).displaced);
    this.#enter(before.epoch, displaced, snapshot.sessions, missed ?? [], () => this.#replica.load(snapshot.rooms));
    if (!missed && hadConnections) this.#replica.closeAll(LOST_CODE);
    for (let next = this.#apply(); next; next = this.#apply());
  }

  /** Returns the rooms as bytes, for a host that goes on from this place. */
  rooms(): Uint8Array {
    if (!this.#rooms || !isSamePlace(this.#rooms.place, this.place))
      this.#rooms = { place: this.place, bytes: this.#replica.snapshot() };
    return this.#rooms.bytes;
  }

  /** Returns the state for a process that is at an older place. */
  snapshotFor(to: ProcessId, at: Place): SnapshotMessage {
    this.#given++;
    const { place, sessions, alive } = this;
    const missed = this.#recent.since(at) ?? [];
    return { type: "snapshot", to, place, rooms: this.rooms(), sessions, alive, missed };
  }

  #apply(): DownMessage | undefined {
    const before = this.place;
    const message = this.#order.next();
    if (!message) return undefined;
    const { place, changes, sessions, ended, progress, frames, closes, answers, heard } = message;
    this.#alive = message.alive;
    const { displaced, moved } = this.#table.update(sessions, ended);
    for (const each of progress) {
      this.#table.progress(each);
      this.#upLink.progress(each);
    }
    this.#recent.add({ from: before, place, sessions: moved, ended, frames, closes, answers });
    this.#enter(before.epoch, displaced, sessions, [message], () => {
      if (changes) this.#replica.apply(changes);
    });
    for (const { process, batch } of heard) if (process === this.#process) this.#upLink.heard(batch);
    return message;
  }

  /**
   * Goes on to a new place. The table already has the sessions of that place. Connections get their frames after the
   * rooms have changed. Connections that have lost their session are closed last.
   */
  #enter(
    epochBefore: number,
    displaced: readonly OwnConnection[],
    changed: readonly SessionEntry[],
    messages: readonly MissedMessage[],
    changeRooms: () => void,
  ): void {
    for (const { connection } of displaced) if (!this.#table.entryOf(connection)) this.#upLink.hidden(connection);
    if (this.place.epoch !== epochBefore) this.#upLink.restart();
    else for (const entry of changed) if (entry.process === this.#process) this.#upLink.shown(entry);
    changeRooms();
    for (const { frames, closes, answers } of messages) {
      for (const answer of answers) if (answer.process === this.#process) this.#upLink.answered(answer);
      for (const { session, connection, frame } of frames) this.#replica.receive(session, connection, frame);
      for (const { session, connection, code, reason } of closes)
        this.#replica.close(session, connection, code, reason);
    }
    for (const { session, connection } of displaced)
      if (!this.#table.entryOf(connection)) this.#replica.close(session, connection, LOST_CODE);
  }
}
