// Whatever a crowd does, each client holds what it must and nothing that it must not. The framework is the oracle: the
// frames are decoded by the SDK as it is, and by an audit that reads their bytes without it. Who ought to see whom is
// worked out by distance alone.
import { $refId, Decoder, MapSchema, type Schema, TypeContext } from "@colyseus/schema";
import { expect, jest, test } from "@jest/globals";
import { ClientState, logger, Protocol, ProtocolModifier } from "colyseus";
import fc from "fast-check";
import { WireAudit } from "../../../bench/harness/wire-audit.ts";
import { Player } from "../../../schema/player.ts";
import { WorldState } from "../../../schema/world-state.ts";
import { seededRandom } from "../../../sim/random.ts";
import {
  type Actor,
  Connection,
  Crowd,
  type Figure,
  type Ground,
  type Member,
  Onlooker,
  type Place,
} from "../../support/crowd.ts";
import { onlyLong, runs } from "../../support/long.ts";

/** What a player is promised, in units: it sees all within NEAR and nobody beyond FAR. */
const NEAR = 320;
const FAR = 960;

/** Side of a grid cell; only a hint where to put players so that they stand on borders. */
const CELL = 160;

const FIELDS = ["name", "x", "y", "facing"] as const;
const GROUND_FIELDS = ["map", "width", "height"] as const;

/** Players by id, each with the number of its object on the wire: another object under the same id is another player. */
type Known = Map<string, number>;

/** What a member ought to hold. */
interface Sight {
  known: Known;
  /** The fields of those it knows, and those beside the players, as it was last told of them. */
  held: Map<string, Figure>;
  ground: Ground;
  /** Where it looks from: where its player is, or was when it was last told of it. */
  eye: Place | undefined;
  /** The number of its last applied input that it was told of. */
  applied: number;
  audit: WireAudit;
  /** Whether it was left out of a tick. */
  missed: boolean;
}

/** Compares a crowd with what ought to be, after every full state and every tick. */
class Judge {
  readonly faults: string[] = [];
  readonly #crowd: Crowd;
  readonly #sights = new Map<Member, Sight>();
  readonly #kept: Array<{ frame: Uint8Array; copy: Uint8Array }> = [];
  /** Whether a field beside the players was written since the last tick. */
  groundTouched = true;
  #noise = noise().length;

  constructor(crowd: Crowd) {
    this.#crowd = crowd;
  }

  /** Forgets what a member held: it has a new decoder. */
  forget(member: Member): void {
    member.onlooker = new Onlooker();
    this.#sights.delete(member);
  }

  /** A member acknowledges its join, and gets the world as it is. */
  acknowledge(member: Member): void {
    this.#crowd.acknowledge(member);
    this.#judgeFullState(member, this.#crowd.arrive(member));
    this.#judgeNoise();
  }

  /** The world as it is, in one frame that takes the place of all a member held. */
  #judgeFullState(member: Member, frames: Uint8Array[]): void {
    const { actors, inputs } = this.#crowd;
    const { id, connection, onlooker } = member;
    const before = this.#sights.get(member);
    this.#check(frames.length === 1, member, `got ${frames.length} frames in the place of a full state`);
    if (frames.length === 0) return;
    const sight: Sight = {
      known: knownTo(onlooker),
      held: heldBy(onlooker),
      ground: groundOf(onlooker.room.state),
      eye: placeOf(actors.get(id)),
      applied: inputs.get(id)!.consumedCount,
      audit: before?.audit ?? new WireAudit(),
      missed: false,
    };
    this.#sights.set(member, sight);
    this.#judgeHead(member, Protocol.ROOM_STATE, frames[0]!);
    this.#judgeSight(member, sight, frames);
    this.#judgeEvents(member, before?.known ?? new Map(), sight.known);
    this.#judgePlayers(member, sight);
    this.#check(connection!.sent.length === 0, member, "got more than it was sent");
  }

  /** One tick, and everything that is true after it. */
  tick(): void {
    const crowd = this.#crowd;
    crowd.tick();
    for (const member of crowd.members) {
      if (!member.connection) continue;
      const sight = this.#sights.get(member);
      const frames = crowd.arrive(member);
      if (member.connection.state !== ClientState.JOINED || !sight) {
        this.#check(frames.length === 0, member, "got a frame before it acknowledged");
        continue;
      }
      if (member.connection.ref.isBackpressured) {
        this.#check(frames.length === 0, member, "was sent more while it was behind");
        sight.missed = true;
        continue;
      }
      // Whoever missed nothing while it was behind goes on where it was.
      if (sight.missed && isFullState(frames[0])) {
        this.#judgeFullState(member, frames);
        continue;
      }
      sight.missed = false;
      const before = sight.known;
      const own = placeOf(crowd.actors.get(member.id));
      sight.known = knownTo(member.onlooker);
      sight.eye = own ?? sight.eye;
      this.#judgeFrames(member, sight, before, frames);
      this.#judgeSight(member, sight, frames);
      this.#judgeEvents(member, before, sight.known);
      this.#judgePlayers(member, sight);
      this.#judgeGround(member);
      sight.held = heldBy(member.onlooker);
      sight.ground = { ...crowd.ground };
      if (own || !sight.eye) this.#judgeNewcomer(member);
    }
    this.#judgeInspection();
    this.#judgeNoise();
    this.groundTouched = false;
    for (const actor of crowd.actors.values()) actor.touched = false;
  }

  /** What a socket was given must stay as it was: it may be sent long after. */
  end(): void {
    for (const { frame, copy } of this.#kept) {
      if (!Buffer.from(frame).equals(copy)) this.faults.push("a frame was written over after it was sent");
    }
  }

  #check(holds: boolean, member: Member, fault: string): void {
    if (!holds) this.faults.push(`${member.id} ${fault}`);
  }

  /** One frame is sent if there is news, and none where nothing was touched. */
  #judgeFrames(member: Member, sight: Sight, before: Known, frames: Uint8Array[]): void {
    const { actors, ground, inputs, timing } = this.#crowd;
    const { known, held } = sight;
    const applied = inputs.get(member.id)!.consumedCount;
    const hasApplied = applied !== sight.applied;
    const isNews =
      // A room without inputs has nowhere to tell of them.
      (timing && hasApplied) ||
      GROUND_FIELDS.some((field) => ground[field] !== sight.ground[field]) ||
      before.size !== known.size ||
      [...known].some(([id, object]) => before.get(id) !== object) ||
      [...known.keys()].some((id) => FIELDS.some((field) => held.get(id)?.[field] !== actors.get(id)?.figure[field]));
    const isTouched = this.groundTouched || hasApplied || [...known.keys()].some((id) => actors.get(id)?.touched);
    this.#check(frames.length <= 1, member, `got ${frames.length} frames in a tick`);
    this.#check(frames.length === 1 || !isNews, member, "got no frame for news");
    this.#check(frames.length === 0 || isNews || isTouched, member, "got a frame for nothing");
    sight.applied = applied;
    for (const frame of frames) this.#judgeHead(member, Protocol.ROOM_STATE_PATCH, frame);
  }

  /** The frame's code, and in a room with inputs the clock of the tick and the number of the last applied input. */
  #judgeHead(member: Member, code: number, frame: Uint8Array): void {
    const { timing, inputs } = this.#crowd;
    this.#kept.push({ frame, copy: frame.slice() });
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
    const head = timing ? [bytes[0], bytes.readUInt32LE(1), bytes.readUInt32LE(5)] : [bytes[0]];
    const expected = timing
      ? [code | ProtocolModifier.TIMED, timing.sNow >>> 0, inputs.get(member.id)!.consumedCount]
      : [code];
    this.#check(`${head}` === `${expected}`, member, `got the head ${head}, not ${expected}`);
  }

  /** Everybody near is there and nobody far, in the decoded state and in the very bytes. */
  #judgeSight(member: Member, { known, eye, audit }: Sight, frames: Uint8Array[]): void {
    const { actors } = this.#crowd;
    for (const id of known.keys()) this.#check(actors.has(id), member, `sees ${id}, who is not there`);
    for (const [id, { figure }] of actors) {
      if (!eye) this.#check(!known.has(id), member, `sees ${id}, without a place to look from`);
      else if (distance(eye, figure) <= NEAR) this.#check(known.has(id), member, `does not see ${id}, who is near`);
      else if (distance(this.#within(eye), this.#within(figure)) > FAR) {
        this.#check(!known.has(id), member, `sees ${id}, who is far`);
      }
    }
    const where = (id: string) => {
      const place = id === member.id ? eye : placeOf(actors.get(id));
      return place && this.#within(place);
    };
    for (const frame of frames) {
      try {
        const leaks = audit.leaks(member.id, audit.read(frame), { slackTicks: 0, placeOf: where });
        for (const leak of leaks) this.#check(false, member, `was told too much: ${leak}`);
      } catch (error) {
        this.#check(false, member, `got bytes that are not understood: ${error}`);
      }
    }
  }

  /** The place on the map that is nearest: who stands outside is seen as if it stood there. */
  #within({ x, y }: Place): Place {
    const { width, height } = this.#crowd.size;
    return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) };
  }

  /** onAdd and onRemove told of everybody who came and went, once. */
  #judgeEvents({ id: memberId, onlooker }: Member, before: Known, after: Known): void {
    const events = onlooker.events.splice(0).map((event) => [event.slice(1), event[0]] as const);
    for (const id of new Set([...before.keys(), ...after.keys(), ...events.map(([about]) => about)])) {
      const told = events.filter(([about]) => about === id).map(([, sign]) => sign);
      const gone = before.has(id) && before.get(id) !== after.get(id);
      const come = after.has(id) && before.get(id) !== after.get(id);
      const expected = (gone ? "-" : "") + (come ? "+" : "");
      if (told.join("") !== expected) {
        this.faults.push(`${memberId} was called back "${told.join("")}" about ${id}, not "${expected}"`);
      }
    }
  }

  /** The players as decoded, and as the callbacks alone tell of them, are as they are. */
  #judgePlayers(member: Member, { known }: Sight): void {
    const { actors } = this.#crowd;
    const { players, heard } = member.onlooker;
    this.#check(heard.size === players.size, member, "was called back about others than it sees");
    for (const [id, object] of known) {
      const actor = actors.get(id);
      this.#check(actor?.player[$refId] === object, member, `sees another ${id} than there is`);
      for (const field of FIELDS) {
        const [seen, told, expected] = [players.get(id)?.[field], heard.get(id)?.[field], actor?.figure[field]];
        this.#check(seen === expected, member, `sees ${id} with ${field} ${seen}, which is ${expected}`);
        this.#check(told === expected, member, `was called back about ${field} ${told} of ${id}, which is ${expected}`);
      }
    }
  }

  /** The same of what is beside the players. */
  #judgeGround({ id, onlooker }: Member): void {
    for (const field of GROUND_FIELDS) {
      const [seen, told] = [onlooker.room.state[field], onlooker.ground[field]];
      const expected = this.#crowd.ground[field];
      if (seen !== expected) this.faults.push(`${id} sees the ${field} ${seen}, which is ${expected}`);
      if (told !== expected) this.faults.push(`${id} was called back about the ${field} ${told}, which is ${expected}`);
    }
  }

  /** What a newcomer in the same place is given is what somebody long present holds. */
  #judgeNewcomer(member: Member): void {
    const given = decoded(this.#crowd.fullState(new Connection(member.id, false)));
    this.#check(given === content(member.onlooker.room.state), member, "holds something else than a newcomer is given");
  }

  /** Asked for no client, a full state holds everybody. */
  #judgeInspection(): void {
    const { actors, ground } = this.#crowd;
    const everything = content({ ...ground, players: new Map([...actors].map(([id, { figure }]) => [id, figure])) });
    if (decoded(this.#crowd.fullState()) !== everything) this.faults.push("an inspection does not show everybody");
  }

  /** The decoder says on the console what it does not understand. */
  #judgeNoise(): void {
    this.faults.push(...noise().slice(this.#noise));
    this.#noise = noise().length;
  }
}

function isFullState(frame: Uint8Array | undefined): boolean {
  return frame !== undefined && (frame[0]! & ~ProtocolModifier.TIMED) === Protocol.ROOM_STATE;
}

function noise(): string[] {
  return [console.warn, console.error].flatMap((log) =>
    jest.mocked(log).mock.calls.map((words) => `the decoder says: ${words.map(String).join(" ")}`),
  );
}

function knownTo({ players }: Onlooker): Known {
  return new Map([...players].map(([id, player]) => [id, player[$refId]!]));
}

function heldBy({ players }: Onlooker): Map<string, Figure> {
  return new Map([...players].map(([id, player]) => [id, figureOf(player)]));
}

function placeOf(actor: Actor | undefined): Place | undefined {
  return actor && { x: actor.figure.x, y: actor.figure.y };
}

function figureOf({ name, x, y, facing }: Figure): Figure {
  return { name, x, y, facing };
}

function groundOf({ map, width, height }: Ground): Ground {
  return { map, width, height };
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

const CONTEXT = new TypeContext(WorldState as unknown as typeof Schema);

function decoded(fullState: Uint8Array): string {
  const decoder = new Decoder<WorldState>(new WorldState(), CONTEXT);
  decoder.decode(fullState, { offset: fullState[0]! & ProtocolModifier.TIMED ? 9 : 1 });
  return content(decoder.state);
}

/** A state as text, its players by id: the order in which they were told is no part of it. */
function content(state: Ground & { players: Iterable<[string, Figure]> }): string {
  const players = [...state.players].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = players.map(([id, player]) => [id, ...FIELDS.map((field) => player[field])]);
  return JSON.stringify([...GROUND_FIELDS.map((field) => state[field]), rows]);
}

const WHOLE = 10_000;

/** A place; `x` and `y` in shares of what there is. */
type Spot =
  | { on: "map"; x: number; y: number }
  | { on: "border"; column: number; row: number; dx: number; dy: number }
  | { on: "corner"; right: boolean; bottom: boolean }
  | { on: "outside"; x: number; y: number };

/** What a crowd may do. `who` is taken modulo the count of those it may concern. */
interface Commands {
  join: { at: Spot; acknowledged: boolean };
  "join as spectator": { acknowledged: boolean };
  "enter without client": { at: Spot };
  acknowledge: { who: number };
  "be resynced": { who: number };
  "fall behind": { who: number };
  "catch up": { who: number };
  drop: { who: number };
  reconnect: { who: number; fresh: boolean; acknowledged: boolean };
  "begin to leave": { who: number };
  leave: { who: number };
  "lose the player": { who: number };
  "get a player": { who: number; at: Spot };
  "apply inputs": { who: number; count: number };
  walk: { who: number; direction: number };
  "all walk": { seed: number };
  teleport: { who: number; at: Spot };
  rename: { who: number; name: string };
  turn: { who: number; facing: number };
  replace: { who: number; at: Spot };
  "take out and replace": { who: number; at: Spot };
  "put again": { who: number };
  "put again as another": { who: number };
  "take out": { who: number };
  clear: { seed: number };
  "change the ground": { fields: Partial<Ground> };
}
type Command = { [K in keyof Commands]: { do: K } & Commands[K] }[keyof Commands];

interface Stage {
  crowd: Crowd;
  judge: Judge;
}

/** Where there is nobody whom a command may concern it does nothing, so that any part of a history is one too. */
const ACTS: { [K in keyof Commands]: (stage: Stage, command: Commands[K]) => void } = {
  join: ({ crowd, judge }, { at, acknowledged }) => {
    const member = crowd.join(crowd.newId());
    crowd.put(member.id, figureAt(at, crowd));
    if (acknowledged) judge.acknowledge(member);
  },
  "join as spectator": ({ crowd, judge }, { acknowledged }) => {
    const member = crowd.join(crowd.newId());
    if (acknowledged) judge.acknowledge(member);
  },
  "enter without client": ({ crowd }, { at }) => crowd.put(crowd.newId(), figureAt(at, crowd)),
  acknowledge: ({ crowd, judge }, { who }) =>
    some(
      crowd.members.filter(({ connection }) => connection?.state === ClientState.JOINING),
      who,
      (member) => judge.acknowledge(member),
    ),
  "be resynced": ({ crowd, judge }, { who }) =>
    some(
      crowd.members.filter(({ connection }) => connection?.state === ClientState.JOINED),
      who,
      (member) => judge.acknowledge(member),
    ),
  "fall behind": ({ crowd }, { who }) => some(crowd.members, who, ({ connection }) => lag(connection, true)),
  "catch up": ({ crowd }, { who }) =>
    some(
      crowd.members.filter(({ connection }) => connection?.ref.isBackpressured),
      who,
      ({ connection }) => lag(connection, false),
    ),
  drop: ({ crowd }, { who }) => some(crowd.members, who, (member) => crowd.drop(member)),
  reconnect: ({ crowd, judge }, { who, fresh, acknowledged }) =>
    some(
      crowd.members.filter(({ connection }) => !connection),
      who,
      (member) => {
        if (fresh) judge.forget(member);
        crowd.connect(member);
        if (acknowledged) judge.acknowledge(member);
      },
    ),
  "begin to leave": ({ crowd }, { who }) =>
    some(
      crowd.members.filter(({ connection }) => connection),
      who,
      ({ connection }) => {
        connection!.state = ClientState.LEAVING;
      },
    ),
  leave: ({ crowd }, { who }) => some(crowd.members, who, (member) => crowd.leave(member)),
  "lose the player": ({ crowd }, { who }) =>
    some(
      crowd.members.filter(({ id }) => crowd.actors.has(id)),
      who,
      ({ id }) => crowd.remove(id),
    ),
  "get a player": ({ crowd }, { who, at }) =>
    some(
      crowd.members.filter(({ id }) => !crowd.actors.has(id)),
      who,
      ({ id }) => crowd.put(id, figureAt(at, crowd)),
    ),
  "apply inputs": ({ crowd }, { who, count }) =>
    some(
      crowd.members.filter(({ connection }) => connection),
      who,
      ({ id }) => {
        crowd.inputs.get(id)!.consumedCount += count;
      },
    ),
  walk: ({ crowd }, { who, direction }) => somePlayer(crowd, who, (id) => walk(crowd, id, direction)),
  "all walk": ({ crowd }, { seed }) => {
    const random = seededRandom(seed);
    for (const id of crowd.actors.keys()) walk(crowd, id, random(5));
  },
  teleport: ({ crowd }, { who, at }) => somePlayer(crowd, who, (id) => crowd.change(id, spotAt(at, crowd))),
  rename: ({ crowd }, { who, name }) => somePlayer(crowd, who, (id) => crowd.change(id, { name })),
  turn: ({ crowd }, { who, facing }) => somePlayer(crowd, who, (id) => crowd.change(id, { facing })),
  replace: ({ crowd }, { who, at }) => somePlayer(crowd, who, (id) => crowd.put(id, figureAt(at, crowd))),
  "take out and replace": ({ crowd }, { who, at }) =>
    somePlayer(crowd, who, (id) => {
      crowd.remove(id);
      crowd.put(id, figureAt(at, crowd));
    }),
  "put again": ({ crowd }, { who }) => somePlayer(crowd, who, (id) => crowd.putAgain(id)),
  "put again as another": ({ crowd }, { who }) => {
    somePlayer(crowd, who, (id) => crowd.putAgain(id, crowd.newId()));
  },
  "take out": ({ crowd }, { who }) => somePlayer(crowd, who, (id) => crowd.remove(id)),
  clear: ({ crowd }) => crowd.clear(),
  "change the ground": ({ crowd, judge }, { fields }) => {
    judge.groundTouched = true;
    crowd.changeGround(fields);
  },
};

function perform<K extends keyof Commands>(stage: Stage, command: { do: K } & Commands[K]): void {
  ACTS[command.do](stage, command);
}

function lag(connection: Connection | undefined, isBackpressured: boolean): void {
  if (connection) connection.ref.isBackpressured = isBackpressured;
}

function some<T>(all: T[], who: number, act: (one: T) => void): void {
  if (all.length > 0) act(all[who % all.length]!);
}

function somePlayer(crowd: Crowd, who: number, act: (id: string) => void): void {
  some([...crowd.actors.keys()], who, act);
}

/** A step of 8 units; the fifth direction is to stay. */
function walk(crowd: Crowd, id: string, direction: number): void {
  const { x, y } = crowd.actors.get(id)!.figure;
  const [dx, dy] = (
    [
      [-8, 0],
      [8, 0],
      [0, -8],
      [0, 8],
      [0, 0],
    ] as const
  )[direction]!;
  crowd.change(id, { x: Math.min(Math.max(x + dx, 0), 65535), y: Math.min(Math.max(y + dy, 0), 65535) });
}

function figureAt(at: Spot, crowd: Crowd): Figure {
  return { name: "Ada", facing: 4, ...spotAt(at, crowd) };
}

function spotAt(spot: Spot, { size: { width, height } }: Crowd): Place {
  const below = (share: number, end: number) => Math.floor((share / WHOLE) * end);
  switch (spot.on) {
    case "map":
      return { x: below(spot.x, width), y: below(spot.y, height) };
    case "border":
      return {
        x: Math.max(0, ((spot.column * CELL) % (width + 1)) + spot.dx),
        y: Math.max(0, ((spot.row * CELL) % (height + 1)) + spot.dy),
      };
    case "corner":
      return { x: spot.right ? width : 0, y: spot.bottom ? height : 0 };
    case "outside":
      return { x: width + below(spot.x, 65535 - width), y: height + below(spot.y, 65535 - height) };
  }
}

const who = fc.nat(999);
/** A share of a whole, in ten-thousandths: of all fractions, most would be next to nothing. */
const share = fc.nat(WHOLE - 1);
const byOne = fc.integer({ min: -1, max: 1 });
const acknowledged = fc.boolean();
const name = fc.oneof(fc.string({ maxLength: 24 }), fc.constantFrom("", "지민", "🦊".repeat(24)));
const at: fc.Arbitrary<Spot> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ on: fc.constant("map" as const), x: share, y: share }) },
  {
    weight: 3,
    arbitrary: fc.record({
      on: fc.constant("border" as const),
      column: fc.nat(30),
      row: fc.nat(30),
      dx: byOne,
      dy: byOne,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ on: fc.constant("corner" as const), right: fc.boolean(), bottom: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ on: fc.constant("outside" as const), x: share, y: share }) },
);
const fields = fc.oneof(
  fc.record({ map: fc.string({ maxLength: 8 }) }),
  fc.record({ width: fc.nat(65535) }),
  fc.record({ height: fc.nat(65535) }),
);

/** Any command; `bustle` tells how often all walk. */
function anyCommand(bustle: number): fc.Arbitrary<Command> {
  const choose = <T extends keyof Commands>(weight: number, names: T[], params: object = {}) => ({
    weight,
    arbitrary: fc.record({
      do: fc.constantFrom(...names),
      ...params,
    }) as fc.Arbitrary<unknown> as fc.Arbitrary<Command>,
  });
  return fc.oneof(
    choose(12, ["join"], { at, acknowledged }),
    choose(1, ["join as spectator"], { acknowledged }),
    choose(2, ["enter without client"], { at }),
    choose(8, ["acknowledge", "acknowledge", "drop", "leave", "take out"], { who }),
    choose(1, ["begin to leave"], { who }),
    choose(6, ["put again", "put again as another", "lose the player", "be resynced"], { who }),
    choose(6, ["fall behind", "catch up"], { who }),
    choose(3, ["reconnect"], { who, fresh: fc.boolean(), acknowledged }),
    choose(8, ["get a player", "teleport", "teleport", "replace", "take out and replace"], { who, at }),
    choose(4, ["walk"], { who, direction: fc.nat(3) }),
    choose(bustle, ["all walk"], { seed: fc.nat() }),
    choose(2, ["rename"], { who, name }),
    choose(1, ["turn"], { who, facing: fc.integer({ min: 1, max: 4 }) }),
    choose(2, ["apply inputs"], { who, count: fc.nat(9) }),
    choose(2, ["change the ground"], { fields }),
    choose(1, ["clear", "all walk", "all walk", "all walk"], { seed: fc.nat() }),
  );
}

interface Play {
  size: [width: number, height: number];
  /** Whether the room has inputs, so that its frames tell the time. */
  timed: boolean;
  /** How many join before it begins. */
  present: number;
  /** What happens before each tick. */
  history: Command[][];
}

function play({ size, timed, present, history }: Play): void {
  const crowd = new Crowd(...size, timed);
  const judge = new Judge(crowd);
  const stage = { crowd, judge };
  const random = seededRandom(present);
  for (let i = 0; i < present; i++) {
    const at: Spot = { on: "map", x: random(WHOLE), y: random(WHOLE) };
    perform(stage, { do: "join", at, acknowledged: random(8) > 0 });
  }
  for (const commands of history) {
    for (const command of commands) perform(stage, command);
    judge.tick();
    if (judge.faults.length > 0) break;
  }
  judge.end();
  expect(judge.faults.slice(0, 5)).toEqual([]);
}

test("a few, whatever they do, hold what they must after every tick, and nothing that they must not", () => {
  const plays = fc.record({
    // Some on which all see all, some of a row or a column, some whose size is no multiple of anything.
    size: fc.constantFrom<[number, number][]>([1280, 960], [1000, 1700], [2000, 160], [150, 90], [161, 4096]),
    timed: fc.boolean(),
    present: fc.nat(12),
    history: fc.array(fc.array(anyCommand(4), { maxLength: 8, size: "max" }), { maxLength: 20, size: "max" }),
  });
  fc.assert(fc.property(plays, play), { numRuns: runs(300) });
});

onlyLong(() => {
  test("three hundred on a large map hold what they must, and nothing that they must not", () => {
    const plays = fc.record({
      size: fc.constant<[number, number]>([4096, 4096]),
      timed: fc.boolean(),
      present: fc.constant(300),
      history: fc.array(fc.array(anyCommand(20), { minLength: 5, maxLength: 40, size: "max" }), {
        minLength: 5,
        maxLength: 10,
        size: "max",
      }),
    });
    // Not made smaller: that would take minutes.
    fc.assert(fc.property(plays, play), { numRuns: runs(4), endOnFailure: true });
  });
});

/** Players by id who stand at these places, each with a client that has been shown the world. */
function crowdAt(places: Record<string, Place>) {
  const crowd = new Crowd(4096, 4096, false);
  const members: Record<string, Member> = {};
  for (const [id, place] of Object.entries(places)) {
    members[id] = crowd.join(id);
    crowd.put(id, { name: id, facing: 4, ...place });
  }
  crowd.tick();
  for (const member of crowd.members) {
    crowd.acknowledge(member);
    crowd.arrive(member);
  }
  const tick = () => {
    crowd.tick();
    for (const member of crowd.members) crowd.arrive(member);
  };
  const seenBy = (id: string) => members[id]!.onlooker.room.state.players.toJSON();
  return { crowd, members, tick, seenBy };
}

const HERE = { x: 100, y: 100 };
const THERE = { x: 3000, y: 3000 };

test("a player who has no place yet is seen as soon as it has one", () => {
  const { crowd, tick, seenBy } = crowdAt({ watcher: HERE });
  const player = new Player().assign({ name: "late" });
  crowd.state.players.set("late", player);
  tick();
  Object.assign(player, HERE);
  tick();
  player.x += 8;
  tick();
  expect(seenBy("watcher")).toMatchObject({ late: { name: "late", x: 108, y: 100 } });
});

test("a player whose place is taken away and given back is seen again", () => {
  const { crowd, tick, seenBy } = crowdAt({ watcher: HERE, other: HERE });
  const other = crowd.state.players.get("other")! as Partial<Player>;
  other.x = undefined;
  tick();
  other.x = 108;
  tick();
  other.x = 116;
  tick();
  expect(seenBy("watcher")).toMatchObject({ other: { x: 116, y: 100 } });
});

test("another map in the place of the players is shown instead of them", () => {
  const { crowd, tick, seenBy } = crowdAt({ watcher: HERE, other: HERE });
  const players = new MapSchema<Player>();
  players.set("watcher", new Player().assign({ name: "again", ...HERE }));
  players.set("third", new Player().assign({ name: "third", ...HERE }));
  crowd.state.players = players as typeof crowd.state.players;
  tick();
  players.get("third")!.x += 8;
  tick();
  expect(seenBy("watcher")).toMatchObject({ watcher: { name: "again" }, third: { x: 108 } });
  expect(Object.keys(seenBy("watcher")).sort()).toEqual(["third", "watcher"]);
});

test("a full state between two ticks does not tell where somebody has gone who is far by now", () => {
  const { crowd, members } = crowdAt({ watcher: HERE, other: HERE });
  crowd.change("other", THERE);
  crowd.acknowledge(members.watcher!);
  const [frame] = members.watcher!.connection!.sent;
  const audit = new WireAudit();
  const mentions = audit.read(frame!);
  expect(audit.leaks("watcher", mentions, { slackTicks: 0 })).toEqual([]);
});

test("a client that nothing can be sent to costs nobody else the news", () => {
  const { crowd, members, tick, seenBy } = crowdAt({ a: HERE, b: HERE, c: HERE, d: HERE });
  const logged = jest.spyOn(logger, "error").mockImplementation(() => {});
  members.b!.connection!.raw = () => {
    throw new Error("this socket is broken");
  };
  crowd.put("late", { name: "late", facing: 4, ...HERE });
  for (let i = 0; i < 2; i++) {
    crowd.change("late", { x: HERE.x + i });
    tick();
  }
  for (const id of ["a", "c", "d"]) expect(seenBy(id)).toMatchObject({ late: { x: HERE.x + 1 } });
  // It has missed something, and has to come back for all of it.
  expect(members.b!.connection!.state).toBe(ClientState.LEAVING);
  expect(logged).toHaveBeenCalledWith(expect.anything(), "sending state to a client failed; disconnecting it");
  logged.mockRestore();
});

test("what others do while they are being sent to changes nobody's frame", () => {
  const { crowd, members, tick, seenBy } = crowdAt({ a: HERE, b: HERE, c: HERE, d: HERE });
  const { connection } = members.b!;
  connection!.raw = (frame) => {
    connection!.sent.push(frame);
    crowd.fullState(new Connection("a", false));
    crowd.drop(members.c!);
    crowd.change("d", { name: "renamed meanwhile" });
  };
  crowd.put("late", { name: "late", facing: 4, ...HERE });
  tick();
  for (const id of ["a", "b", "d"]) expect(Object.keys(seenBy(id)).sort()).toEqual(["a", "b", "c", "d", "late"]);
  tick();
  for (const id of ["a", "b", "d"]) expect(seenBy(id)).toMatchObject({ d: { name: "renamed meanwhile" } });
});

test.each([2, 3, 8, 21, 100])("of %d clients nobody is served last twice in a row", (count) => {
  const { crowd, members, tick } = crowdAt(
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, HERE] as const)),
  );
  const served: string[] = [];
  for (const [id, { connection }] of Object.entries(members)) {
    connection!.raw = () => served.push(id);
  }
  const last: string[] = [];
  for (let i = 0; i < 2 * count; i++) {
    crowd.change("p0", { x: HERE.x + 1 + (i % 8) });
    served.length = 0;
    tick();
    last.push(served.at(-1)!);
  }
  expect(last.filter((id, i) => id === last[i - 1])).toEqual([]);
});

test("who steps away and back between two ticks while somebody comes is taken leave of once", () => {
  const { crowd, members, tick } = crowdAt({ watcher: HERE, other: HERE });
  const audit = new WireAudit();
  crowd.acknowledge(members.watcher!);
  for (const frame of crowd.arrive(members.watcher!)) audit.read(frame);
  tick();
  crowd.change("other", { x: HERE.x + 200 });
  crowd.fullState(new Connection("nobody", false));
  crowd.change("other", HERE);
  crowd.change("watcher", THERE);
  crowd.tick();
  const frames = crowd.arrive(members.watcher!);
  const removals = frames.flatMap((frame) => audit.read(frame)).filter(({ how }) => how === "remove");
  expect(removals.map(({ id }) => id)).toStrictEqual(["other"]);
});

test("a player who walks after its own client was shown it, and before anybody else was, is where it is", () => {
  const { crowd, tick } = crowdAt({ other: HERE });
  const late = crowd.join("late");
  crowd.put("late", { name: "late", facing: 4, ...HERE });
  crowd.acknowledge(late);
  crowd.change("late", { x: HERE.x + 8 });
  tick();
  for (const { onlooker } of crowd.members) expect(onlooker.players.get("late")?.x).toBe(HERE.x + 8);
});
