// The sessions of all rooms in the authority, and the data with which another authority can continue these sessions.
import { createHash } from "node:crypto";
import type { WebSocketClient } from "colyseus";
import { ConnectionCounter } from "../edge/connection-counter.ts";
import type { ReservedSeat } from "../sockets/seats.ts";
import type { HostedRoom } from "./hosted-room.ts";
import type { AddressCount } from "./join-limits.ts";
import type { SessionRecord } from "./mirror/news.ts";
import type { RemoteSocket } from "./remote-socket.ts";

/** The connection of a session. */
export interface HostConnection {
  readonly client: WebSocketClient;
  readonly socket: RemoteSocket;
  /** The id that the process of the real socket has given the connection. */
  readonly id: string;
}

/** A session in the authority. */
export interface HostSession {
  readonly id: string;
  readonly room: HostedRoom;
  readonly auth: unknown;
  /** The join options, until a client has claimed the seat. */
  options: unknown;
  /** When the reserved or held seat expires, in ms of the cluster's clock; undefined for a connected client. */
  until: number | undefined;
  connection: HostConnection | undefined;
  /** The address of the client, if it is known, and the counter that counts the session for this address. */
  address: string | undefined;
  counter: ConnectionCounter | undefined;
  /**
   * The key is the hash of a reconnection token that the client may present. The value is the token that the framework
   * knows. The client may present another token than the value: an earlier one, or one from an earlier authority. Only
   * the hashes of tokens are mirrored.
   */
  readonly tokens: Map<string, string>;
  /** The hash of the token that was sent to the client on its connection; undefined for a restored connection. */
  sentToken: string | undefined;
}

/** Returns the hash under which a reconnection token is mirrored. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** The sessions in the authority. */
export class HostSessions {
  readonly #sessions = new Map<string, HostSession>();
  /** Counts the connections and the reserved seats of each address. */
  readonly #present = new ConnectionCounter();
  /** Counts the held seats of each address. */
  readonly #held = new ConnectionCounter();
  readonly #changed = new Set<string>();
  readonly #ended = new Set<string>();

  get(id: string): HostSession | undefined {
    return this.#sessions.get(id);
  }

  all(): Iterable<HostSession> {
    return this.#sessions.values();
  }

  /** Returns how many connections, reserved seats and held seats an address has in all processes. */
  countFrom(address: string): AddressCount {
    return { present: this.#present.count(address), held: this.#held.count(address) };
  }

  /** Called when a seat was reserved. */
  reserved(room: HostedRoom, { sessionId, options, auth }: ReservedSeat, until: number): HostSession {
    const session: HostSession = {
      id: sessionId,
      room,
      auth,
      options,
      until,
      connection: undefined,
      address: undefined,
      counter: undefined,
      tokens: new Map(),
      sentToken: undefined,
    };
    this.#sessions.set(sessionId, session);
    this.#ended.delete(sessionId);
    this.#changed.add(sessionId);
    return session;
  }

  /** Called with the address of the client for which a seat was reserved. */
  reservedFor(session: HostSession, address: string): void {
    if (session.connection) return;
    this.#count(session, address, this.#present);
    this.#changed.add(session.id);
  }

  /** Called when a client has joined or is back. Its earlier tokens stay valid until it sends its acknowledgement. */
  connected(session: HostSession, connection: HostConnection): void {
    session.options = undefined;
    session.until = undefined;
    session.connection = connection;
    this.#count(session, connection.socket.address, this.#present);
    const { reconnectionToken } = connection.client;
    session.sentToken = hashOf(reconnectionToken);
    session.tokens.set(session.sentToken, reconnectionToken);
    for (const hash of session.tokens.keys()) session.tokens.set(hash, reconnectionToken);
    this.#changed.add(session.id);
  }

  /** Called when a client has received its new reconnection token: the earlier tokens become invalid. */
  acknowledged({ id, tokens, sentToken }: HostSession): void {
    if (sentToken === undefined || tokens.size === 1) return;
    for (const hash of tokens.keys()) if (hash !== sentToken) tokens.delete(hash);
    this.#changed.add(id);
  }

  /** Called when a connection was lost and its seat is held. */
  held(session: HostSession, until: number): void {
    session.until = until;
    this.#count(session, session.address, this.#held);
    this.#changed.add(session.id);
  }

  /**
   * Called for a restored session. From now on only the tokens with these hashes are valid. An earlier authority gave
   * these tokens to the client. They all lead to the token that the framework of this process created for the session.
   */
  replaceTokens(session: HostSession, hashes: Iterable<string>): void {
    const token = session.connection?.client.reconnectionToken;
    session.sentToken = undefined;
    session.tokens.clear();
    if (token !== undefined) for (const hash of hashes) session.tokens.set(hash, token);
  }

  /** Called when a session has ended. @returns whether the session was known. */
  ended(id: string): boolean {
    this.#changed.delete(id);
    this.#ended.add(id);
    const session = this.#sessions.get(id);
    if (session) this.#count(session, undefined, undefined);
    return this.#sessions.delete(id);
  }

  /**
   * Returns the reconnection token that the framework expects, for a token that a client presents.
   * @param id the session that the token belongs to, if the client has named it.
   */
  tokenOf(presented: string, id?: string): string {
    const hash = hashOf(presented);
    if (id !== undefined) return this.#sessions.get(id)?.tokens.get(hash) ?? presented;
    for (const { tokens } of this.#sessions.values()) {
      const token = tokens.get(hash);
      if (token !== undefined) return token;
    }
    return presented;
  }

  /** Removes a session from its counter. Counts it in `counter` for `address` if both are given. */
  #count(session: HostSession, address: string | undefined, counter: ConnectionCounter | undefined): void {
    if (session.address !== undefined) session.counter?.decrement(session.address);
    if (address !== undefined) counter?.increment(address);
    session.address = address;
    session.counter = counter;
  }

  /** Returns what has changed since the last call. */
  takeNews(): { sessions?: SessionRecord[]; endedSessions?: string[] } {
    const sessions = Array.from(this.#changed, (id) => recordOf(this.#sessions.get(id)!));
    const endedSessions = [...this.#ended];
    this.#changed.clear();
    this.#ended.clear();
    return { ...(sessions.length > 0 && { sessions }), ...(endedSessions.length > 0 && { endedSessions }) };
  }
}

function recordOf({ id, room, auth, options, until, connection, address, tokens }: HostSession): SessionRecord {
  return {
    id,
    room: room.record.id,
    tokens: [...tokens.keys()],
    ...(auth !== undefined && { auth }),
    ...(options !== undefined && { options }),
    ...(until !== undefined && { until }),
    ...(connection && { transport: connection.socket.transport }),
    ...(address !== undefined && { address }),
  };
}
