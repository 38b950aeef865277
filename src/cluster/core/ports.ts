// The ports of the cluster's protocol: what it needs from the bus, the lease, the rooms and the connections. The
// protocol has no clock, no timers and no network, so that a simulation can drive it.

/** The random id of a process. A process that restarts has a new id. */
export type ProcessId = string;

/** A place in the stream of down messages: the authority's epoch, and the number of the message within the epoch. */
export interface Place {
  readonly epoch: number;
  readonly number: number;
}

/** The connection of a player's session: in which process it is, and which of its frames the rooms have processed. */
export interface SessionEntry {
  /** The session id, which is public. */
  readonly session: string;
  /** The process that has the connection; undefined while the connection is lost and the seat is held. */
  readonly process: ProcessId | undefined;
  /** The id that the process has given the connection. */
  readonly connection: string;
  /**
   * The number that the authority has given the connection. Within an epoch, no other connection gets this number. It
   * is shorter than the ids, which matters for whatever is sent in each tick.
   */
  readonly handle: number;
  /** The number of the last frame from the connection that the rooms have processed. */
  readonly received: number;
}

/** The number of the last frame that the rooms have processed, for a connection whose entry is otherwise unchanged. */
export type Progress = Pick<SessionEntry, "handle" | "received">;

/** A frame from a client to the rooms, in the wire format of the framework. */
export interface UpFrame {
  /** The handle of the client's connection. */
  readonly handle: number;
  /** The number of the frame: 1, 2, 3… for each connection. */
  readonly number: number;
  readonly frame: Uint8Array;
}

/** A frame from the rooms to a client, in the wire format of the framework. */
export interface DownFrame {
  readonly session: string;
  readonly connection: string;
  readonly frame: Uint8Array;
}

/**
 * The end of a connection. In a message to the rooms, the client has left or has lost the connection. In a message to a
 * process, the rooms close the connection.
 */
export interface ClientClose {
  readonly session: string;
  readonly connection: string;
  /** The close code. */
  readonly code: number;
  readonly reason?: string;
}

/** A question to the rooms (for example a join), or the answer to a question. Plain data that JSON can express. */
export type Content = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The answer to a request of a process. */
export interface Answer {
  readonly process: ProcessId;
  readonly request: string;
  readonly content: Content;
}

/** From the authority to all processes. */
export interface DownMessage {
  readonly type: "down";
  readonly place: Place;
  /** The place right before this message. In the first message of an epoch: the place from which the epoch goes on. */
  readonly from: Place;
  readonly process: ProcessId;
  /** The changes of all rooms since the last message with changes, as the host published them. */
  readonly changes?: Uint8Array;
  /** Sessions that are new, or whose connection or process has changed. */
  readonly sessions: readonly SessionEntry[];
  /** Sessions that have ended. */
  readonly ended: readonly string[];
  /** For the other sessions: which frames the rooms have processed since the last message. */
  readonly progress: readonly Progress[];
  readonly frames: readonly DownFrame[];
  readonly closes: readonly ClientClose[];
  readonly answers: readonly Answer[];
  /** For each process, the number of its last batch that the authority has processed. */
  readonly heard: readonly { process: ProcessId; batch: number }[];
  /** The processes that the authority considers alive. */
  readonly alive: readonly ProcessId[];
  /** Set in the last message of an authority that hands over. */
  readonly successor?: ProcessId;
}

/** From a process to the authority. An empty batch is a sign of life. */
export interface UpMessage {
  readonly type: "up";
  readonly process: ProcessId;
  /** The number of the batch: 1, 2, 3… for each process. 0 for a sign of life, which is not numbered. */
  readonly batch: number;
  /** The place of the newest message that the process has applied. */
  readonly at: Place;
  readonly frames: readonly UpFrame[];
  readonly closes: readonly ClientClose[];
  readonly requests: readonly { request: string; content: Content }[];
  /** Whether the process is about to end. If so, it must not become the authority. */
  readonly isLeaving: boolean;
}

/** A process asks for a snapshot: it has missed messages, or is new. */
export interface AskMessage {
  readonly type: "ask";
  readonly process: ProcessId;
  readonly at: Place;
}

/** The part of a down message that is about connections and processes. */
export interface MissedMessage {
  readonly from: Place;
  readonly place: Place;
  /** Sessions whose connection or process has changed. */
  readonly sessions: readonly SessionEntry[];
  readonly ended: readonly string[];
  readonly frames: readonly DownFrame[];
  readonly closes: readonly ClientClose[];
  readonly answers: readonly Answer[];
}

/** The whole state at a place, for one process. */
export interface SnapshotMessage {
  readonly type: "snapshot";
  readonly to: ProcessId;
  readonly place: Place;
  readonly rooms: Uint8Array;
  readonly sessions: readonly SessionEntry[];
  readonly alive: readonly ProcessId[];
  /** The messages after the asker's place, oldest first. Empty if some of them are unknown. */
  readonly missed: readonly MissedMessage[];
}

/** A process that has taken the lease asks all others for their places before it starts the rooms. */
export interface ClaimMessage {
  readonly type: "claim";
  readonly process: ProcessId;
  /** The epoch in which the process wants to be the authority. */
  readonly epoch: number;
  readonly at: Place;
}

/** The answer to a claim. */
export interface PlaceMessage {
  readonly type: "place";
  readonly process: ProcessId;
  /** The largest epoch that the process knows. */
  readonly epoch: number;
  readonly at: Place;
}

/** An authority that is about to hand over asks a process to prepare its rooms. The authority's rooms still tick. */
export interface PrepareMessage {
  readonly type: "prepare";
  /** The authority. */
  readonly process: ProcessId;
  readonly epoch: number;
}

/** The answer to a `PrepareMessage`, as soon as the rooms are prepared. */
export interface PreparedMessage {
  readonly type: "prepared";
  readonly process: ProcessId;
  /** The epoch of the authority that has asked. */
  readonly epoch: number;
}

/** Every message of the bus. */
export type Message =
  | DownMessage
  | UpMessage
  | AskMessage
  | SnapshotMessage
  | ClaimMessage
  | PlaceMessage
  | PrepareMessage
  | PreparedMessage;

/** The bus. It may lose, delay, duplicate and reorder messages. */
export interface Bus {
  /** Sends a message to one process, or to all other processes. Does nothing while the bus is unavailable. */
  send(message: Exclude<Message, DownMessage>, to?: ProcessId): void;
  /**
   * Sends a message of the authority to all other processes. Stores the message's place if it is newer than the stored
   * place. Calls `taken` once the bus has the message; never if the bus is unavailable or knows a newer epoch. The
   * authority's own clients get the message only after `taken` was called. So no client sees a change that would be
   * lost if the authority failed.
   */
  publish(message: DownMessage, taken: () => void): void;
}

/** The state of the lease. */
export interface LeaseState {
  /** The owner; undefined if the lease is free. */
  readonly owner: ProcessId | undefined;
  readonly epoch: number;
  /** The newest published place that is stored; undefined if no place is stored. */
  readonly newest: Place | undefined;
}

/** The lease of the authority. Each method calls back once; with undefined if the answer is unknown. */
export interface Lease {
  /**
   * Takes the lease if it is free, or renews it if the process owns it. A new owner's epoch is larger than both the
   * stored epoch and `knownEpoch`. The increase is random, from 1 to 1000, so an epoch is very rarely issued twice,
   * even by a store that has lost data or by a replica of the store.
   */
  take(knownEpoch: number, done: (state: LeaseState | undefined) => void): void;
  /** Gives the lease to another process, with a larger epoch, if this process still owns it. */
  give(to: ProcessId, done: (state: LeaseState | undefined) => void): void;
  /** Frees the lease if the process owns it. */
  release(done: () => void): void;
}

/** The rooms at the authority. */
export interface Host {
  /** Answers a question of a process, now or later. */
  request(from: ProcessId, content: Content, answer: (content: Content) => void): void;
  /** Handles a frame that a client has sent. Called only while the process is the authority. */
  deliver(session: string, frame: Uint8Array): void;
  /**
   * Called when a client's connection has ended. With code 1000 or 4000 the client has left; otherwise the connection
   * was lost.
   */
  disconnect(session: string, code: number): void;
  /** Ends the rooms at once and saves nothing more: another process is the authority, or will be. */
  end(): void;
}

/** The part of the protocol that the host uses. */
export interface HostLink {
  /** Whether the process is the authority at this moment. If not, the host must not tick. */
  readonly isAuthority: boolean;
  /**
   * Publishes `changes`, and all frames, closes, answers and changed sessions since the last call. Must be called once
   * per tick, after all rooms have ticked, even if nothing has changed or there is no room.
   */
  publish(changes: Uint8Array): void;
  /**
   * Called when a session gets a new connection. The previous connection of the session, if any, gets no more
   * frames.
   */
  connected(session: string, process: ProcessId, connection: string): void;
  /** Sends a frame to the connection of a session. */
  send(session: string, frame: Uint8Array): void;
  /** Closes the connection of a session. */
  close(session: string, code: number, reason?: string): void;
  /** Called when a session has ended. */
  ended(session: string): void;
}

/** A state from which rooms can go on. */
export interface Snapshot {
  /** What `Replica.snapshot` has returned. */
  readonly rooms: Uint8Array;
  readonly sessions: readonly SessionEntry[];
}

/** Creates the rooms. `snapshot`: the state from which they go on; undefined for the first authority of a cluster. */
export type CreateHost = (link: HostLink, snapshot: Snapshot | undefined) => Host;

/**
 * Creates rooms from a snapshot before this process is the authority. They do not tick, send nothing, and save no
 * records. The next call of `CreateHost` brings them to its newer snapshot, which takes less time than creating them.
 * @param done is called once the rooms are prepared.
 * @returns a function that ends the prepared rooms, unless `CreateHost` has used them.
 */
export type PrepareHost = (snapshot: Snapshot, done: () => void) => () => void;

/** The mirrored rooms and the connections of one process. */
export interface Replica {
  /** Replaces the mirrored state. */
  load(rooms: Uint8Array): void;
  /** Applies the changes of one tick, and sends each client what it must see. */
  apply(changes: Uint8Array): void;
  /** Returns the whole mirrored state, from which another replica or a host can continue. Empty before any changes. */
  snapshot(): Uint8Array;
  /** Passes a frame on to a client, after all changes that were published before it. Ignores unknown connections. */
  receive(session: string, connection: string, frame: Uint8Array): void;
  /** Closes a client's connection. Ignores unknown connections, for example those of other processes. */
  close(session: string, connection: string, code: number, reason?: string): void;
  /** Closes all connections with this code: they have missed frames, or there was no authority for too long. */
  closeAll(code: number): void;
}

/** Creates the replica of this process: its mirrored rooms, and the connections of its clients. */
export type CreateReplica = (link: ReplicaLink) => Replica;

/** The part of the protocol that the replica uses. */
export interface ReplicaLink {
  /**
   * Passes a client's frame on to the rooms. The frame is kept until the rooms have processed it. Frames of a
   * connection wait until the host has called `connected` for that connection.
   */
  deliver(session: string, connection: string, frame: Uint8Array): void;
  /** Called when a client's connection has ended. */
  disconnected(session: string, connection: string, code: number): void;
  /**
   * Asks the rooms. Calls back with undefined if there is no answer within `timeoutMs`. Within an epoch the host gets a
   * request once. A new authority gets unanswered requests again, so its host must recognize a repeated request.
   * @returns a function that withdraws the request. After that, the request is not sent any more, and `answer` is not
   * called.
   */
  request(content: Content, timeoutMs: number, answer: (content: Content | undefined) => void): () => void;
}
