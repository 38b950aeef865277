// The simulated replica of a process: mirrored rooms, and the sockets of its clients.

import type { Random } from "../../../../sim/random.ts";
import type { Content, Replica, ReplicaLink } from "../../../../src/cluster/core/ports.ts";
import type { Events } from "./events.ts";
import { applyState, emptyState, encodeState, fingerprint, type PlayerState, type RoomState } from "./state.ts";

/** A client's end of a connection. */
export interface Socket {
  readonly connection: string;
  readonly session: string;
  /** Called with the rooms' answer, which accepts or refuses the connection; undefined if no answer arrived. */
  answered(content: Content | undefined): void;
  /** Called with the client's player after each change of the mirrored rooms; undefined if there is no player. */
  see(player: PlayerState | undefined, tick: number): void;
  frame(frame: Uint8Array): void;
  closed(code: number): void;
}

const CONNECT_TIMEOUT_MS = 3000;
const ABNORMAL_CLOSE_CODE = 1006;
const MOVED_CODE = 4010;

/** The mirrored rooms and the sockets of one process. */
export class SimReplica implements Replica {
  readonly #link: ReplicaLink;
  readonly #sockets = new Map<string, { socket: Socket; isAccepted: boolean }>();
  readonly state: RoomState;

  constructor(link: ReplicaLink, seed: number) {
    this.#link = link;
    this.state = emptyState(seed);
  }

  /** Called when a client opens a connection. */
  open(socket: Socket, content: Content): void {
    const { connection, session } = socket;
    this.#sockets.set(connection, { socket, isAccepted: false });
    this.#link.request(content, CONNECT_TIMEOUT_MS, (answer) => {
      const own = this.#sockets.get(connection);
      if (answer?.type === "ok" && own) own.isAccepted = true;
      else this.#end(connection, session, ABNORMAL_CLOSE_CODE);
      if (own) socket.answered(answer);
    });
  }

  /** Called when a client sends a frame. */
  frame({ session, connection }: Socket, frame: Uint8Array): void {
    if (this.#sockets.has(connection)) this.#link.deliver(session, connection, frame);
  }

  /** Called when a client's connection has ended. */
  closed({ session, connection }: Socket, code: number): void {
    if (this.#sockets.has(connection)) this.#end(connection, session, code);
  }

  load(rooms: Uint8Array): void {
    this.state.players.clear();
    applyState(this.state, rooms);
    this.#show();
  }

  apply(changes: Uint8Array): void {
    applyState(this.state, changes);
    this.#show();
  }

  snapshot(): Uint8Array {
    return encodeState(this.state);
  }

  receive(_session: string, connection: string, frame: Uint8Array): void {
    this.#sockets.get(connection)?.socket.frame(frame);
  }

  close(session: string, connection: string, code: number): void {
    const own = this.#sockets.get(connection);
    if (!own) return;
    this.#end(connection, session, code);
    own.socket.closed(code);
  }

  closeAll(code: number): void {
    for (const { socket } of [...this.#sockets.values()]) this.close(socket.session, socket.connection, code);
  }

  /** Closes all connections with 4010, each at a random moment. */
  closeOver(durationMs: number, random: Random, events: Events): void {
    for (const { socket } of [...this.#sockets.values()])
      events.after(random(durationMs), () => this.close(socket.session, socket.connection, MOVED_CODE));
  }

  /** Returns the fingerprint of the state. */
  fingerprint(): number {
    return fingerprint(this.state);
  }

  #end(connection: string, session: string, code: number): void {
    this.#sockets.delete(connection);
    this.#link.disconnected(session, connection, code);
  }

  #show(): void {
    const { players, tick } = this.state;
    for (const { socket, isAccepted } of this.#sockets.values())
      if (isAccepted) socket.see(players.get(socket.session), tick);
  }
}
