// The replica in one process of a cluster. It mirrors all rooms and has the sockets of the process's clients. It passes
// the clients' frames on to the rooms, and sends each client the state within its sight.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type AuthContext, ClientState, CloseCode, Protocol, ServerError, WebSocketClient } from "colyseus";
import { type WebSocket, WebSocketServer } from "ws";
import type { SentError } from "../../schema/errors.ts";
import { claimedSeatOf, PLAIN_PATH, pathOf } from "../edge/socket-paths.ts";
import { GuardedSocket } from "../sockets/frame-guard.ts";
import { ABNORMAL_CLOSURE } from "../sockets/limited-socket.ts";
import type { PlainClient } from "../sockets/plain-client.ts";
import { type PlainRooms, PlainSockets } from "../sockets/plain-sockets.ts";
import type { socketOptions } from "../sockets/socket-options.ts";
import type { ConnectAnswer, ConnectRequest } from "./connect-request.ts";
import type { Replica, ReplicaLink } from "./core/ports.ts";
import { Mirror } from "./mirror/mirror.ts";
import type { MirroredRoom } from "./mirror/mirrored-room.ts";
import { type LocalClient, ReplicaConnection } from "./replica-connection.ts";

/** Milliseconds within which the authority must answer whether a client may connect. */
const CONNECT_TIMEOUT_MS = 3000;

/** Milliseconds after which a connection that only measures a client's latency is closed. */
const PROBE_MS = 1000;

const PING = Buffer.of(Protocol.PING);

/** The options and callbacks for the connections of a process. */
export interface ReplicaSettings {
  /** The options of the sockets, including their limits. */
  readonly sockets: ReturnType<typeof socketOptions>;
  /** Resolves if the join of a plain client is admitted; otherwise it rejects with the ServerError to send. */
  readonly admitPlain: (request: IncomingMessage, token: string | undefined) => Promise<void>;
  /** Called when the join of a plain client is refused. */
  readonly onRefused: (error: SentError, address: string | undefined) => void;
  /** Reserves a seat in the room `world` for a plain client. Rejects with a ServerError if the join is refused. */
  readonly reservePlain: PlainRooms["reserve"];
}

/** The mirrored rooms and the connections of one process. */
export class ClusterReplica implements Replica {
  readonly #link: ReplicaLink;
  readonly #mirror = new Mirror();
  readonly #connections = new Map<string, ReplicaConnection>();
  /** The connections with frames that wait for the changes of a tick. */
  readonly #waiting = new Set<ReplicaConnection>();
  readonly #sockets: WebSocketServer;
  readonly #plainSockets: PlainSockets;

  constructor(link: ReplicaLink, { sockets, admitPlain, onRefused, reservePlain }: ReplicaSettings) {
    this.#link = link;
    this.#sockets = new WebSocketServer({ ...sockets, WebSocket: GuardedSocket });
    this.#plainSockets = new PlainSockets(sockets, admitPlain, onRefused, {
      reserve: reservePlain,
      connect: (seat, client, auth) => this.#connectPlain(seat.roomId, client, auth),
    });
  }

  /** The number of connections of players, including those that are being opened. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Returns the connections of players that are not being closed. */
  connections(): Pick<ReplicaConnection, "openedAt" | "isNew" | "close">[] {
    return [...this.#connections.values()].filter(({ isClosing }) => !isClosing);
  }

  /** Handles the upgrade request of a client: on the path of plain WebSockets, or on a path of the framework. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { roomId, sessionId } = claimedSeatOf(request);
    if (pathOf(request) === PLAIN_PATH) this.#plainSockets.upgrade(request, socket, head);
    else if (sessionId === undefined && roomId === undefined)
      this.#sockets.handleUpgrade(request, socket, head, answerProbes);
    else this.#upgradeToSeat(request, socket, head);
  }

  /** Stops accepting sockets. */
  stop(): void {
    this.#sockets.close();
    this.#plainSockets.close();
  }

  load(rooms: Uint8Array): void {
    this.#mirror.read(rooms);
  }

  apply(changes: Uint8Array): void {
    for (const room of this.#mirror.read(changes)) room.serve();
    for (const connection of this.#waiting) {
      connection.applied(this.#roomOf(connection));
      if (!connection.isWaiting) this.#waiting.delete(connection);
    }
  }

  snapshot(): Uint8Array {
    return this.#mirror.snapshot();
  }

  receive(_session: string, id: string, frame: Uint8Array): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    connection.receive(frame, this.#roomOf(connection));
    if (connection.isWaiting) this.#waiting.add(connection);
  }

  close(_session: string, id: string, code: number, reason?: string): void {
    this.#connections.get(id)?.close(code, reason);
  }

  closeAll(code: number): void {
    for (const connection of [...this.#connections.values()]) connection.close(code);
  }

  #roomOf({ roomId }: ReplicaConnection): MirroredRoom | undefined {
    return this.#mirror.rooms.get(roomId);
  }

  /** Asks the authority before the handshake, so that a client has its seat before it can send anything. */
  #upgradeToSeat(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { roomId = "", sessionId = "", reconnectionToken } = claimedSeatOf(request);
    const connection = new ReplicaConnection(sessionId, roomId, reconnectionToken !== undefined);
    const skipHandshake = new URLSearchParams(request.url?.split("?", 2)[1]).has("skipHandshake");
    const address = request.headers["x-real-ip"]?.toString() ?? request.socket.remoteAddress;
    socket.on("error", destroy);
    // Reads the socket, because an unread socket does not report its end. No data is lost, because the client sends
    // nothing before the handshake.
    socket.on("end", destroy).resume();
    const onGone = () => {
      withdraw();
      this.#ended(connection, ABNORMAL_CLOSURE);
    };
    socket.on("close", onGone);
    const withdraw = this.#ask(
      connection,
      { token: reconnectionToken, skipHandshake, transport: "sdk", address },
      (answer) => {
        socket.off("error", destroy).off("end", destroy).off("close", onGone);
        let isAccepted = false;
        if (answer && !socket.destroyed)
          this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
            isAccepted = true;
            const client = new WebSocketClient(
              sessionId,
              webSocket as unknown as ConstructorParameters<typeof WebSocketClient>[1],
            );
            if (answer.type === "refused") refuse(webSocket, client, answer, reconnectionToken);
            else this.#openSdk(connection, webSocket, client);
          });
        if (isAccepted) return;
        // The client is gone, or the authority has not answered. The SDK tries again.
        if (answer?.type !== "refused") this.#ended(connection, ABNORMAL_CLOSURE);
        socket.destroy();
      },
    );
  }

  #openSdk(connection: ReplicaConnection, webSocket: WebSocket, client: WebSocketClient): void {
    webSocket.on("message", (frame: Buffer) => {
      // This process answers a ping itself, because the answer must tell whether this connection works.
      if (frame[0] === Protocol.PING) client.raw(PING);
      else this.#link.deliver(connection.session, connection.id, frame);
    });
    webSocket.on("close", (code) => {
      client.state = ClientState.LEAVING;
      this.#ended(connection, code);
    });
    connection.open(client as LocalClient, this.#roomOf(connection));
  }

  async #connectPlain(roomId: string, client: PlainClient, { ip }: AuthContext): Promise<void> {
    const connection = new ReplicaConnection(client.sessionId, roomId, false);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.ref.on("close", (code) => {
      withdraw();
      this.#ended(connection, code);
      resolve();
    });
    const address = ip?.toString();
    const withdraw = this.#ask(connection, { skipHandshake: false, transport: "plain", address }, (answer) => {
      if (!answer) {
        this.#ended(connection, ABNORMAL_CLOSURE);
        client.ref.terminate();
        resolve();
      } else if (answer.type === "refused") reject(new ServerError(answer.code, answer.message));
      else {
        client.ref.on("message", (frame) => this.#link.deliver(connection.session, connection.id, frame));
        connection.open(client as unknown as LocalClient, this.#roomOf(connection));
        resolve();
      }
    });
    await promise;
  }

  /**
   * Asks the authority whether a connection may take its seat.
   * @returns a function that withdraws the question. Call it when the connection is gone. Otherwise a later authority
   * could give this connection a seat that the client already has through another connection.
   */
  #ask(
    connection: ReplicaConnection,
    request: Pick<ConnectRequest, "token" | "skipHandshake" | "transport" | "address">,
    onAnswer: (answer: ConnectAnswer | undefined) => void,
  ): () => void {
    const { id, session, roomId } = connection;
    this.#connections.set(id, connection);
    this.#waiting.add(connection);
    const content: ConnectRequest = { type: "connect", session, room: roomId, connection: id, ...request };
    return this.#link.request(content, CONNECT_TIMEOUT_MS, (answer) => {
      if (answer?.type === "refused") this.#forget(connection);
      onAnswer(answer as ConnectAnswer | undefined);
    });
  }

  #ended(connection: ReplicaConnection, code: number): void {
    if (!this.#forget(connection)) return;
    connection.ended();
    this.#link.disconnected(connection.session, connection.id, code);
  }

  /** @returns false if the connection was forgotten before. */
  #forget(connection: ReplicaConnection): boolean {
    this.#waiting.delete(connection);
    return this.#connections.delete(connection.id);
  }
}

/** Answers a refused client as the framework does. */
function refuse(
  webSocket: WebSocket,
  client: WebSocketClient,
  { code, message }: SentError,
  reconnectionToken: string | undefined,
): void {
  const closeCode = reconnectionToken === undefined ? CloseCode.WITH_ERROR : CloseCode.FAILED_TO_RECONNECT;
  client.error(code, message, () => webSocket.close(closeCode));
}

/** Answers every frame with a ping, as the framework does for a client that measures its latency before it joins. */
function answerProbes(webSocket: WebSocket): void {
  const timeout = setTimeout(() => webSocket.close(CloseCode.NORMAL_CLOSURE), PROBE_MS);
  webSocket.on("message", () => webSocket.send(PING));
  webSocket.on("close", () => clearTimeout(timeout));
}

function destroy(this: Duplex): void {
  this.destroy();
}
