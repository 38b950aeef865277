// Simulates a room with many clients, without sockets: its state, and the interest management that encodes the state
// for each client. At the client's end, the SDK's own room decodes the frames and calls its callbacks. Plain objects
// hold the expected state, so that tests can compare it with the decoded state.
import { Callbacks, Room } from "@colyseus/sdk";
import { type Client, ClientState, getMessageBytes, Protocol } from "colyseus";
import { Grid } from "../../rooms/interest/grid.ts";
import { InterestSerializer } from "../../rooms/interest/interest-serializer.ts";
import type { Viewer } from "../../rooms/interest/view.ts";
import { Player } from "../../schema/player.ts";
import { WorldState } from "../../schema/world-state.ts";
import { MirroredInterest } from "./mirrored-interest.ts";

export interface Place {
  x: number;
  y: number;
}

/** The fields of a player. */
export interface Figure extends Place {
  name: string;
  facing: number;
}

/** The fields of the state, except for the players. */
export interface Ground {
  map: string;
  width: number;
  height: number;
}

/** A player: the object in the server's state, and its expected fields. */
export interface Actor {
  player: Player;
  figure: Figure;
  /** Whether a field was written since the last tick. */
  touched: boolean;
}

/** The server's end of a simulated connection. It has the interface of the framework's class `Client`. */
export class Connection {
  readonly sessionId: string;
  state: ClientState = ClientState.JOINING;
  /** The socket's properties that the serializer uses. Only sabang's own sockets have `sendInPlace`. */
  readonly ref: Pick<NonNullable<Viewer["ref"]>, "sendInPlace"> & { isBackpressured: boolean } = {
    isBackpressured: false,
  };
  /** Frames that were sent and have not arrived yet. A real socket may also keep a frame for a long time. */
  readonly sent: Uint8Array[] = [];

  /** @param isOurs whether the socket is sabang's own. If so, the serializer reuses one buffer for all frames. */
  constructor(sessionId: string, isOurs: boolean) {
    this.sessionId = sessionId;
    if (!isOurs) return;
    this.ref.sendInPlace = (bytes, start, end, following) => {
      this.raw(Buffer.from(bytes.subarray(start, end)));
      // A real socket writes the WebSocket frame's header into these four bytes.
      bytes.fill(0xee, start - 4, start);
      for (let at = end; at < (following?.end ?? end); ) {
        const isShort = bytes[at + 1]! < 126;
        const payload = at + (isShort ? 2 : 4);
        at = payload + (isShort ? bytes[at + 1]! : bytes.readUInt16BE(at + 2));
        this.raw(Buffer.from(bytes.subarray(payload, at)));
      }
      return true;
    };
  }

  /** Sends a message, as the framework encodes it. */
  send(type: string, content: object): void {
    this.raw(getMessageBytes.raw(Protocol.ROOM_DATA, type, content));
  }

  /** Sends a frame. Like `ws`, drops the frame if the connection is being closed. */
  raw(frame: Uint8Array): void {
    if (this.state !== ClientState.LEAVING) this.sent.push(frame);
  }

  leave(): void {
    this.state = ClientState.LEAVING;
  }
}

/** The client's end: the SDK's room without a socket, and the world as the room's callbacks report it. */
export class Onlooker {
  readonly room = new Room<unknown, WorldState>("world");
  /** The players as the room's callbacks report them. */
  readonly heard = new Map<string, Partial<Figure>>();
  readonly ground: Partial<Ground> = {};
  /** The callbacks so far, in order: `+id` for an onAdd, `-id` for an onRemove. */
  readonly events: string[] = [];
  /** The texts that were received, in order. */
  readonly texts: string[] = [];
  readonly #seen = new WeakSet<object>();
  #isListening = false;

  constructor() {
    // This connection drops the SDK's acknowledgement of the join. `Crowd.acknowledge` delivers it instead.
    Object.assign(this.room, { connection: { send: () => {}, isOpen: true } });
    this.room.onMessage("say", ({ text }: { text: string }) => this.texts.push(text));
  }

  get players(): ReadonlyMap<string, Player> {
    return (this.room.state.players ?? new Map()) as unknown as ReadonlyMap<string, Player>;
  }

  /** Receives one frame as if it came from the SDK's connection. */
  take(frame: Uint8Array): void {
    (this.room as unknown as { onMessageCallback(event: { data: Uint8Array }): void }).onMessageCallback({
      data: frame,
    });
    if (!this.#isListening && this.room.serializer) this.#listen();
  }

  #listen(): void {
    this.#isListening = true;
    const callbacks = Callbacks.get<WorldState>(this.room);
    for (const field of ["map", "width", "height"] as const) {
      callbacks.listen(field, (value: string | number) => {
        Object.assign(this.ground, { [field]: value });
      });
    }
    callbacks.onAdd("players", (player, id) => {
      this.events.push(`+${id}`);
      // If a player object is added again under another id, the framework calls no listener for its unchanged fields.
      // So the fields are copied here.
      const figure: Partial<Figure> = this.#seen.has(player) ? pickFigure(player) : {};
      this.#seen.add(player);
      this.heard.set(id, figure);
      for (const field of ["name", "x", "y", "facing"] as const) {
        callbacks.listen(player, field, (value: string | number) => {
          Object.assign(figure, { [field]: value });
        });
      }
    });
    callbacks.onRemove("players", (_player, id) => {
      this.events.push(`-${id}`);
      this.heard.delete(id);
    });
  }
}

function pickFigure({ name, x, y, facing }: Figure): Figure {
  return { name, x, y, facing };
}

/** A client. At times the client has no connection, or the state has no player with the client's id. */
export interface Member {
  readonly id: string;
  onlooker: Onlooker;
  connection: Connection | undefined;
}

/** The players and clients of a room. The methods change the state as a room does. */
export class Crowd {
  readonly state = new WorldState();
  readonly #interest: InterestSerializer | MirroredInterest;
  readonly isMirrored: boolean;
  readonly actors = new Map<string, Actor>();
  readonly members: Member[] = [];
  /** The number of applied inputs of each client. It restarts from 0 with each connection, as in the framework. */
  readonly inputs = new Map<string, { consumedCount: number }>();
  readonly ground: Ground;
  /** The size of the map in units. */
  readonly size: { width: number; height: number };
  /** The room's clock in ms. Undefined in a room without inputs, whose frames contain no time. */
  timing: { sNow: number } | undefined;
  #connections: Connection[] = [];
  #created = 0;

  /**
   * @param maxBytesPerSecond the maximum number of bytes per second for each client; 0 for no limit.
   * @param isMirrored whether the clients are connected to a process that mirrors the room, and not to the room itself.
   */
  constructor(width: number, height: number, timed: boolean, maxBytesPerSecond = 0, isMirrored = false) {
    this.size = { width, height };
    this.ground = { map: "plaza", width, height };
    this.state.assign(this.ground);
    // Frames contain the time as a 32-bit integer. The clock begins shortly before that integer overflows, and not at a
    // whole millisecond, so that tests cover both cases.
    if (timed) this.timing = { sNow: 2 ** 32 - 300.5 };
    const inputs = { get: (id: string) => this.inputs.get(id) ?? { consumedCount: 0 } };
    this.isMirrored = isMirrored;
    this.#interest = isMirrored
      ? new MirroredInterest(this.state, width, height, inputs, maxBytesPerSecond)
      : new InterestSerializer(this.state, new Grid(width, height), inputs, maxBytesPerSecond);
  }

  /** Returns an unused id. */
  newId(): string {
    return `p${this.#created++}`;
  }

  put(id: string, figure: Figure): void {
    const player = new Player().assign(figure);
    this.state.players.set(id, player);
    this.actors.set(id, { player, figure: { ...figure }, touched: true });
  }

  remove(id: string): void {
    this.state.players.delete(id);
    this.actors.delete(id);
  }

  clear(): void {
    this.state.players.clear();
    this.actors.clear();
  }

  change(id: string, fields: Partial<Figure>): void {
    const { player, figure } = this.actors.get(id)!;
    const isChanged = Object.entries(fields).some(([field, value]) => figure[field as keyof Figure] !== value);
    if (isChanged) this.actors.get(id)!.touched = true;
    Object.assign(figure, fields);
    Object.assign(player, fields);
  }

  /** Removes a player from the state and adds the same object again, under the same id or another one. */
  putAgain(id: string, as = id): void {
    const actor = this.actors.get(id)!;
    this.remove(id);
    this.state.players.set(as, actor.player);
    this.actors.set(as, { ...actor, touched: true });
  }

  changeGround(fields: Partial<Ground>): void {
    Object.assign(this.ground, fields);
    Object.assign(this.state, fields);
  }

  /** Adds a client. It receives no state before it acknowledges its join. */
  join(id: string): Member {
    const member: Member = { id, onlooker: new Onlooker(), connection: undefined };
    this.members.push(member);
    this.connect(member);
    return member;
  }

  connect(member: Member): void {
    const connection = new Connection(member.id, this.#connections.length % 2 === 0);
    member.connection = connection;
    this.#connections.push(connection);
    this.inputs.set(member.id, { consumedCount: 0 });
    const isKnown = member.onlooker.room.serializer !== undefined;
    const joined = getMessageBytes[Protocol.JOIN_ROOM](
      "token",
      this.#interest.id,
      isKnown ? undefined : this.#interest.handshake(),
    );
    member.onlooker.take(joined);
  }

  /** Delivers the client's acknowledgement. The room answers with the full state. */
  acknowledge({ connection }: Member): void {
    connection!.state = ClientState.JOINED;
    connection!.raw(this.fullState(connection));
  }

  /** Returns the full state that a client with this connection would receive now. */
  fullState(connection?: Connection): Uint8Array {
    return this.#interest.getFullState(connection as unknown as Client, this.timing);
  }

  /** Drops the client's connection. The client may reconnect. */
  drop(member: Member): void {
    this.#connections = this.#connections.filter((connection) => connection !== member.connection);
    member.connection = undefined;
  }

  /** Removes the client and its player. The client cannot reconnect. */
  leave(member: Member): void {
    this.drop(member);
    this.members.splice(this.members.indexOf(member), 1);
    if (this.actors.has(member.id)) this.remove(member.id);
  }

  /** Runs one tick: sends the changes to all clients. The frames arrive only when `arrive` is called. */
  tick(): void {
    if (this.timing) this.timing = { sNow: this.timing.sNow + 49.9 };
    this.#interest.applyPatches(this.#connections as unknown as Client[], this.state, this.timing);
  }

  /** Lets a player say something to all clients that have the player in sight. */
  say(id: string, text: string): void {
    this.#interest.toSight(id, "say", { id, text });
  }

  /** Delivers the sent frames to a client and returns them. */
  arrive({ connection, onlooker }: Member): Uint8Array[] {
    const arrived = connection?.sent.splice(0) ?? [];
    for (const frame of arrived) onlooker.take(frame);
    return arrived;
  }
}
