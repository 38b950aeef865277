// A crowd without sockets: the state of a world under interest management, its clients as a room keeps them, and at the
// far end of each the SDK's own room, which decodes its frames and calls back as it does for everybody. Beside it, in
// plain objects, what ought to be true.
import { Callbacks, Room } from "@colyseus/sdk";
import { type Client, ClientState, getMessageBytes, Protocol } from "colyseus";
import { Grid } from "../../rooms/interest/grid.ts";
import { InterestSerializer } from "../../rooms/interest/interest-serializer.ts";
import { Player } from "../../schema/player.ts";
import { WorldState } from "../../schema/world-state.ts";

export interface Place {
  x: number;
  y: number;
}

/** The fields of a player. */
export interface Figure extends Place {
  name: string;
  facing: number;
}

/** The fields of the state beside its players. */
export interface Ground {
  map: string;
  width: number;
  height: number;
}

/** A player: the object in the server's state, and what its fields ought to be. */
export interface Actor {
  player: Player;
  figure: Figure;
  /** Whether a field was written since the last tick. */
  touched: boolean;
}

/** The server's end of a connection, as the framework's in-process clients are. */
export class Connection {
  readonly sessionId: string;
  state: ClientState = ClientState.JOINING;
  /** The socket: whether too much waits for the client to send it more, and, of ours, how it sends in place. */
  readonly ref: { isBackpressured: boolean; sendInPlace?(bytes: Buffer, start: number, end: number): void } = {
    isBackpressured: false,
  };
  /** What was sent and has not arrived yet. A socket may hold a frame for long after it was given it. */
  readonly sent: Uint8Array[] = [];

  /** `isOurs`: whether its socket is one of ours, which sends from memory that is written anew for each frame. */
  constructor(sessionId: string, isOurs: boolean) {
    this.sessionId = sessionId;
    if (!isOurs) return;
    this.ref.sendInPlace = (bytes, start, end) => {
      this.raw(Buffer.from(bytes.subarray(start, end)));
      // Here comes the header of a transport.
      bytes.fill(0xee, start - 4, start);
    };
  }

  /** A connection that is being closed sends no more, as `ws` has it. */
  raw(frame: Uint8Array): void {
    if (this.state !== ClientState.LEAVING) this.sent.push(frame);
  }

  leave(): void {
    this.state = ClientState.LEAVING;
  }
}

/** The client's end: the SDK's room without a socket, and what its callbacks alone tell of the world. */
export class Onlooker {
  readonly room = new Room<unknown, WorldState>("world");
  /** The players by the callbacks alone. */
  readonly heard = new Map<string, Partial<Figure>>();
  readonly ground: Partial<Ground> = {};
  /** What the callbacks told since `forget`, in order: `+id` for an onAdd, `-id` for an onRemove. */
  readonly events: string[] = [];
  readonly #seen = new WeakSet<object>();
  #listens = false;

  constructor() {
    // It acknowledges its join by this; the crowd says when that arrives.
    Object.assign(this.room, { connection: { send: () => {}, isOpen: true } });
  }

  get players(): ReadonlyMap<string, Player> {
    return (this.room.state.players ?? new Map()) as unknown as ReadonlyMap<string, Player>;
  }

  /** Takes one frame as the SDK's connection hands it over. */
  take(frame: Uint8Array): void {
    (this.room as unknown as { onMessageCallback(event: { data: Uint8Array }): void }).onMessageCallback({
      data: frame,
    });
    if (!this.#listens && this.room.serializer) this.#listen();
  }

  #listen(): void {
    this.#listens = true;
    const callbacks = Callbacks.get<WorldState>(this.room);
    for (const field of ["map", "width", "height"] as const) {
      callbacks.listen(field, (value: string | number) => {
        Object.assign(this.ground, { [field]: value });
      });
    }
    callbacks.onAdd("players", (player, id) => {
      this.events.push(`+${id}`);
      // Under another id, an object is the same one to the framework: nobody is told of fields that stay as they are.
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

/** Somebody at a client: with or without a connection, with or without a player. */
export interface Member {
  readonly id: string;
  onlooker: Onlooker;
  connection: Connection | undefined;
}

/** A room's worth of players and clients. What a room would do with its state is done by the methods here. */
export class Crowd {
  readonly state = new WorldState();
  readonly serializer: InterestSerializer;
  readonly actors = new Map<string, Actor>();
  readonly members: Member[] = [];
  /** How many inputs of a client have been applied, as the framework counts them: anew for each connection. */
  readonly inputs = new Map<string, { consumedCount: number }>();
  readonly ground: Ground;
  /** Of the map, in units. */
  readonly size: { width: number; height: number };
  /** Undefined in a room without inputs, where frames have no time in them. */
  timing: { sNow: number } | undefined;
  #connections: Connection[] = [];
  #born = 0;

  constructor(width: number, height: number, timed: boolean) {
    this.size = { width, height };
    this.ground = { map: "plaza", width, height };
    this.state.assign(this.ground);
    // It has fractions, and is cut to 32 bits on the wire.
    if (timed) this.timing = { sNow: 2 ** 32 - 300.5 };
    this.serializer = new InterestSerializer(
      this.state,
      new Grid(width, height),
      (id) => this.inputs.get(id) ?? { consumedCount: 0 },
    );
  }

  /** A name nobody has had yet. */
  newId(): string {
    return `p${this.#born++}`;
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
    const isNews = Object.entries(fields).some(([field, value]) => figure[field as keyof Figure] !== value);
    if (isNews) this.actors.get(id)!.touched = true;
    Object.assign(figure, fields);
    Object.assign(player, fields);
  }

  /** Takes a player out of the map and puts the same object back, under the same id or another one. */
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

  /** A client joins; it is shown nothing before it acknowledges. */
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
    const { serializer } = this;
    const isKnown = member.onlooker.room.serializer !== undefined;
    const joined = getMessageBytes[Protocol.JOIN_ROOM](
      "token",
      serializer.id,
      isKnown ? undefined : serializer.handshake(),
    );
    member.onlooker.take(joined);
  }

  /** The client's acknowledgement arrives: the room answers with the full state. */
  acknowledge({ connection }: Member): void {
    connection!.state = ClientState.JOINED;
    connection!.raw(this.fullState(connection));
  }

  /** What somebody with this connection would be given right now. */
  fullState(connection?: Connection): Uint8Array {
    return this.serializer.getFullState(connection as unknown as Client, this.timing);
  }

  /** The connection is gone; the client may come back. */
  drop(member: Member): void {
    this.#connections = this.#connections.filter((connection) => connection !== member.connection);
    member.connection = undefined;
  }

  /** The client is gone for good, and so is its player. */
  leave(member: Member): void {
    this.drop(member);
    this.members.splice(this.members.indexOf(member), 1);
    if (this.actors.has(member.id)) this.remove(member.id);
  }

  /** The room's tick: everybody is sent what changed. Nothing arrives by that: see `arrive`. */
  tick(): void {
    if (this.timing) this.timing = { sNow: this.timing.sNow + 49.9 };
    this.serializer.applyPatches(this.#connections as unknown as Client[], this.state, this.timing);
  }

  /** What was sent to a client arrives there. */
  arrive({ connection, onlooker }: Member): Uint8Array[] {
    const arrived = connection?.sent.splice(0) ?? [];
    for (const frame of arrived) onlooker.take(frame);
    return arrived;
  }
}
