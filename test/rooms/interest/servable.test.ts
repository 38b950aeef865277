// The state classes that interest management supports. Players arrive exactly as the framework's own encoder would send
// them, and all other fields of the state reach all clients. For unsupported classes, the serializer's constructor
// throws.
import { Encoder, type FieldBuilder, Reflection, type Schema, schema, t } from "@colyseus/schema";
import { SchemaSerializer } from "@colyseus/sdk";
import { describe, expect, test } from "@jest/globals";
import { type Client, ClientState, Protocol } from "colyseus";
import fc from "fast-check";
import { Grid } from "../../../rooms/interest/grid.ts";
import { InterestSerializer } from "../../../rooms/interest/interest-serializer.ts";
import type { StateWithPlayers } from "../../../rooms/interest/player-codec.ts";
import { runs } from "../../support/long.ts";

type Fields = Record<string, FieldBuilder<unknown, boolean, boolean>>;
type Values = Record<string, unknown>;
/** A state whose fields each test declares. */
// biome-ignore lint/suspicious/noExplicitAny: the fields of a state differ between tests
type AnyState = any;

const PLACE = { x: t.uint16(), y: t.uint16() };

function serve(state: unknown): InterestSerializer {
  return new InterestSerializer(state as StateWithPlayers, new Grid(1280, 960), { get: () => ({ consumedCount: 0 }) });
}

/** A client with the SDK's decoder. */
class Witness {
  readonly sessionId: string;
  readonly state = ClientState.JOINED;
  readonly sdk = new SchemaSerializer<Schema>();
  readonly #sent: Uint8Array[] = [];

  constructor(serializer: InterestSerializer, sessionId: string) {
    this.sessionId = sessionId;
    this.sdk.handshake(serializer.handshake(), { offset: 0 });
    this.raw(serializer.getFullState(this as unknown as Client));
    this.arrive();
  }

  raw(frame: Uint8Array): void {
    this.#sent.push(frame);
  }

  /** Decodes the sent frames. Returns the number of frames. */
  arrive(): number {
    const frames = this.#sent.splice(0);
    for (const frame of frames) {
      if (frame[0] === Protocol.ROOM_STATE) this.sdk.setState(frame, { offset: 1 });
      else this.sdk.patch(frame, { offset: 1 });
    }
    return frames.length;
  }

  get decoded(): AnyState {
    return this.sdk.getState();
  }
}

/** Sends one patch to all of `witnesses`, and decodes it. */
function tick(serializer: InterestSerializer, state: unknown, witnesses: Witness[]): void {
  serializer.applyPatches(witnesses as unknown as Client[], state as StateWithPlayers);
  for (const witness of witnesses) witness.arrive();
}

/** The reference: a state that the framework's own encoder sends in full, without interest management. */
class Oracle {
  readonly #encoder: Encoder;
  readonly #decoder;

  constructor(state: AnyState) {
    this.#encoder = new Encoder(state);
    this.#decoder = Reflection.decode<AnyState>(Reflection.encode(this.#encoder));
  }

  tick(): void {
    this.#decoder.decode(this.#encoder.encode());
    this.#encoder.discardChanges();
  }

  get decoded(): AnyState {
    return this.#decoder.state;
  }
}

describe("unsupported states:", () => {
  const Item = schema({ kind: t.string() }, "Item");

  test.each<[what: string, fields: Fields, message: string]>([
    ["no players", { coins: t.number() }, "Hall has no map of players. Declare `players: t.map(Player).view()`."],
    ["players that are numbers", { players: t.map("number").view() }, "Hall has no map of players. Declare "],
    ["a player, not a map", { players: t.ref(schema(PLACE, "Player")).view() }, "Hall has no map of players. Declare "],
    ["a list of players", { players: t.array(schema(PLACE, "Player")).view() }, "Hall has no map of players. Declare "],
    [
      "players without .view()",
      { players: t.map(schema(PLACE, "Player")) },
      "the framework's encoder would send Hall.players to all clients",
    ],
  ])("interest management rejects a state with %s", (_what, fields, message) => {
    const Hall = schema(fields as Record<string, never>, "Hall");
    expect(() => serve(new Hall())).toThrow(`interest management: ${message}`);
  });

  test.each<[what: string, field: FieldBuilder<unknown, boolean, boolean>, message: RegExp]>([
    ["a nested Schema", t.ref(Item), /is a Schema or a collection, .* Make its values fields of Player, or move it/],
    ["a list", t.array("string"), /is a Schema or a collection, .* Make its values fields of Player, or move it/],
    ["a list of Schemas", t.array(Item), /is a Schema or a collection, /],
    ["a map", t.map("number"), /is a Schema or a collection, /],
    ["a set", t.set("number"), /is a Schema or a collection, /],
    ["a collection", t.collection("number"), /is a Schema or a collection, /],
    ["a stream", t.stream(Item), /is a Schema or a collection, /],
    ["a field with .view()", t.number().view(), /has \.view\(\), .*\. Remove \.view\(\)\.$/],
    ["a field with a tagged .view()", t.number().view(7), /has \.view\(\), .*\. Remove \.view\(\)\.$/],
    ["an unreliable field", t.number().unreliable(), /is marked .*\. Remove the mark\.$/],
    ["a field for patches only", t.number().patchOnly(), /is marked .*\. Remove the mark\.$/],
    ["a field for full states only", t.number().fullStateOnly(), /is marked .*\. Remove the mark\.$/],
    ["a deprecated field", t.number().deprecated(), /is marked .*\. Remove the mark\.$/],
    ["a deprecated field that may still be read", t.number().deprecated(false), /is marked .*\. Remove the mark\.$/],
  ])("interest management rejects a player with %s, and the error names the field", (_what, field, message) => {
    const Player = schema({ ...PLACE, extra: field as FieldBuilder<number> }, "Player");
    const Hall = schema({ players: t.map(Player).view() }, "Hall");
    expect(() => serve(new Hall())).toThrow(/^interest management: Player\.extra /);
    expect(() => serve(new Hall())).toThrow(message);
  });

  test("interest management rejects a player class that inherits an unsupported field", () => {
    const Being = schema({ ...PLACE, bag: t.array("string") }, "Being");
    const Player = Being.extend({ name: t.string() }, "Player");
    const Hall = schema({ players: t.map(Player).view() }, "Hall");
    expect(() => serve(new Hall())).toThrow("interest management: Player.bag is a Schema or a collection, ");
  });

  test.each<[where: string, field: (player: never) => unknown]>([
    ["in a single field", (Player) => t.ref(Player)],
    ["in a list", (Player) => t.array(Player)],
    ["in a second map", (Player) => t.map(Player)],
    ["in a second map with .view()", (Player) => t.map(Player).view()],
    ["inside another Schema", (Player) => t.ref(schema({ leader: t.ref(Player) } as never, "Team"))],
    ["in a list inside another Schema", (Player) => t.ref(schema({ all: t.array(Player) } as never, "Team"))],
  ])("interest management rejects a state that also holds players %s", (_where, field) => {
    const Player = schema(PLACE, "Player");
    const Hall = schema({ players: t.map(Player).view(), winner: field(Player as never) } as never, "Hall");
    expect(() => serve(new Hall())).toThrow(
      /^interest management: (Hall\.winner|Team\.(leader|all)) also holds players, .* Hold session ids instead\.$/,
    );
  });

  test("interest management rejects a player class that another class extends", () => {
    const Player = schema(PLACE, "Player");
    Player.extend({ sword: t.uint8() }, "Knight");
    const Hall = schema({ players: t.map(Player).view() }, "Hall");
    expect(() => serve(new Hall())).toThrow(
      "interest management: Knight extends Player, but all players must have one class. Move its fields to Player.",
    );
  });

  test.each<[mark: string, players: (player: never) => unknown]>([
    ["stream", (Player) => t.map(Player).view().stream()],
    ["fullStateOnly", (Player) => t.map(Player).view().fullStateOnly()],
  ])("interest management rejects a map of players that is marked %s", (_mark, players) => {
    const Player = schema(PLACE, "Player");
    const Hall = schema({ players: players(Player as never) } as never, "Hall");
    expect(() => serve(new Hall())).toThrow(/^interest management: Hall\.players /);
  });
});

// All primitive field types, each with arbitrary values. The framework converts values that are out of range.
const anyInt = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, -1, 127, 128, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32, -(2 ** 31)),
);
const anyNumber = fc.oneof(anyInt, fc.double(), fc.maxSafeInteger());
const KINDS: Array<
  [kind: string, field: () => FieldBuilder<unknown, boolean, boolean>, values: fc.Arbitrary<unknown>]
> = [
  [
    "string",
    t.string,
    fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "é".repeat(200), "🦊".repeat(70))),
  ],
  ["boolean", t.boolean, fc.boolean()],
  ["number", t.number, anyNumber],
  ["int8", t.int8, anyInt],
  ["uint8", t.uint8, anyInt],
  ["int16", t.int16, anyInt],
  ["uint16", t.uint16, anyInt],
  ["int32", t.int32, anyInt],
  ["uint32", t.uint32, anyInt],
  ["int64", t.int64, fc.maxSafeInteger()],
  ["uint64", t.uint64, fc.maxSafeNat()],
  ["float32", t.float32, fc.double()],
  ["float64", t.float64, fc.double()],
  ["bigint64", t.bigint64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ["biguint64", t.biguint64, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
  ["quantized", () => t.quantized({ min: -5, max: 5 }), fc.double({ min: -9, max: 9, noNaN: true })],
  ["quantized8", () => t.quantized({ min: 0, max: 1, bits: 8 }), fc.double({ min: -1, max: 2, noNaN: true })],
  ["angle", t.angle, fc.double({ min: -20, max: 20, noNaN: true })],
  ["withDefault", () => t.uint8().default(4), fc.nat(255)],
];

describe("comparison with the framework's own encoder:", () => {
  const fields = Object.fromEntries(KINDS.map(([kind, field]) => [kind, field()])) as Record<
    string,
    FieldBuilder<unknown>
  >;
  const Player = schema({ ...PLACE, secret: t.string().noSync(), ...fields }, "Player");
  const Hall = schema({ players: t.map(Player).view() }, "Hall");
  const Twin = schema({ players: t.map(Player) }, "Hall");

  /** Writes the same values to a state with interest management and to one without, and compares the decoded states. */
  class Pair {
    readonly #hall = new Hall() as AnyState;
    readonly #twin = new Twin() as AnyState;
    readonly #serializer = serve(this.#hall);
    readonly #oracle = new Oracle(this.#twin);
    readonly #witnesses: Witness[] = [];

    write(id: string, values: Values): void {
      for (const { players } of [this.#hall, this.#twin]) {
        const player = players.get(id) ?? new Player();
        Object.assign(player, values);
        if (!players.has(id)) players.set(id, player);
      }
    }

    tick(): void {
      tick(this.#serializer, this.#hall, this.#witnesses);
      this.#oracle.tick();
      // The first witness gets patches; the newcomer gets a full state.
      const newcomer = new Witness(this.#serializer, "self");
      if (this.#witnesses.length === 0) this.#witnesses.push(newcomer);
      const expected = valuesOf(this.#oracle.decoded);
      for (const witness of [...this.#witnesses, newcomer]) expect(valuesOf(witness.decoded)).toEqual(expected);
    }
  }

  const names = ["secret", "x", "y", ...KINDS.map(([kind]) => kind)];
  const valuesOf = ({ players }: AnyState) =>
    Object.fromEntries(
      [...players]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, player]: [string, Values]) => [id, names.map((name) => [name, player[name]])]),
    );

  test.each(KINDS)("a field of type %s has the same value as with the framework's encoder", (kind, _field, values) => {
    const written = fc.array(
      fc.oneof({ weight: 5, arbitrary: values }, { weight: 1, arbitrary: fc.constant(undefined) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(written, (writes) => {
        const pair = new Pair();
        pair.write("self", { x: 100, y: 100, secret: "not synced" });
        for (const [i, value] of writes.entries()) {
          pair.write(i % 3 === 0 ? "other" : "self", { x: 100 + i, y: 100, [kind]: value });
          pair.tick();
        }
      }),
      { numRuns: runs(15) },
    );
  });

  test("fields that change several times per tick have the same values as with the framework's encoder", () => {
    const write = fc.tuple(
      fc.constantFrom("self", "a", "b"),
      fc.record(
        Object.fromEntries(KINDS.map(([kind, , values]) => [kind, fc.oneof(values, fc.constantFrom(undefined, null))])),
        { requiredKeys: [] },
      ),
    );
    const ticks = fc.array(fc.array(write, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(ticks, (ticks) => {
        const pair = new Pair();
        for (const id of ["self", "a", "b"]) pair.write(id, { x: 100, y: 100 });
        for (const writes of ticks) {
          for (const [id, values] of writes) pair.write(id, values);
          pair.tick();
        }
      }),
      { numRuns: runs(50) },
    );
  });
});

test("a client receives a player with forty fields, and each later change of a single field", () => {
  const names = Array.from({ length: 38 }, (_, i) => `field${i}`);
  const fields = Object.fromEntries(names.map((name) => [name, t.number()]));
  const Player = schema({ ...fields, ...PLACE }, "Player");
  const Hall = schema({ players: t.map(Player).view() }, "Hall");
  const state = new Hall() as AnyState;
  const serializer = serve(state);
  const player = new Player() as AnyState;
  Object.assign(player, { x: 10, y: 10 });
  state.players.set("self", player);
  tick(serializer, state, []);
  const witness = new Witness(serializer, "self");
  for (const [i, name] of names.entries()) {
    player[name] = i + 0.5;
    tick(serializer, state, [witness]);
    expect(witness.decoded.players.toJSON()).toEqual(state.players.toJSON());
  }
  expect(new Witness(serializer, "self").decoded.players.toJSON()).toEqual(state.players.toJSON());
});

test("players that were in the state before the serializer was created reach the clients", () => {
  const Player = schema(PLACE, "Player");
  const Hall = schema({ players: t.map(Player).view() }, "Hall");
  const state = new Hall() as AnyState;
  state.players.set("self", new Player().assign({ x: 10, y: 10 }));
  // The first encoder stands for the default serializer, which a room has before it gets the InterestSerializer.
  const before = new Encoder(state);
  state.players.set("other", new Player().assign({ x: 20, y: 20 }));
  before.discardChanges();
  const serializer = serve(state);
  const witness = new Witness(serializer, "self");
  tick(serializer, state, [witness]);
  state.players.get("other").x = 30;
  tick(serializer, state, [witness]);
  expect(witness.decoded.players.toJSON()).toEqual({ self: { x: 10, y: 10 }, other: { x: 30, y: 20 } });
});

test("a field that is set to undefined is undefined for all clients after the next patch", () => {
  const Player = schema({ ...PLACE, color: t.string() }, "Player");
  const Hall = schema({ players: t.map(Player).view() }, "Hall");
  const state = new Hall() as AnyState;
  const serializer = serve(state);
  state.players.set("self", new Player().assign({ x: 10, y: 10, color: "red" }));
  const witness = new Witness(serializer, "self");
  expect(witness.decoded.players.get("self").color).toBe("red");
  state.players.get("self").color = undefined;
  tick(serializer, state, [witness]);
  expect(witness.decoded.players.get("self").color).toBeUndefined();
});

test("clients receive names of any length correctly, because the serializer's buffer grows as needed", () => {
  const Player = schema({ ...PLACE, name: t.string() }, "Player");
  const Hall = schema({ players: t.map(Player).view() }, "Hall");
  const length = fc.integer({ min: 0, max: 10_000 });
  const word = fc.record({ letter: fc.constantFrom("a", "é", "한", "🦊"), length });
  const text = ({ letter, length }: { letter: string; length: number }) => letter.repeat(length);
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { minLength: 40, maxLength: 60, size: "max" }), (names) => {
      const state = new Hall() as AnyState;
      const serializer = serve(state);
      for (const [i, [name]] of names.entries()) {
        state.players.set(`p${i}`, new Player().assign({ x: (i % 4) * 160, y: 10, name: text(name) }));
      }
      const players = () => {
        const all = [...state.players].map(([id, { x, y, name }]: [string, Values]) => [id, { x, y, name }]);
        return Object.fromEntries(all);
      };
      tick(serializer, state, []);
      const witnesses = [new Witness(serializer, "p0"), new Witness(serializer, "p1")];
      for (const [i, [, name]] of names.entries()) state.players.get(`p${i}`).name = text(name);
      tick(serializer, state, witnesses);
      // Replaces all players with new objects. p0 and p1 are the clients' own players. Only p0 enters another cell.
      for (const [i, [name, other]] of names.entries()) {
        state.players.set(
          `p${i}`,
          new Player().assign({ x: i === 0 ? 200 : 180, y: 10, name: text(name) + text(other) }),
        );
      }
      tick(serializer, state, witnesses);
      for (const witness of witnesses) expect(witness.decoded.players.toJSON()).toEqual(players());
    }),
    { numRuns: runs(5) },
  );
});

describe("fields of the state other than players:", () => {
  const Player = schema(PLACE, "Player");
  const Weather = schema({ rain: t.uint8(), wind: t.string() }, "Weather");
  const Coin = schema({ ...PLACE, value: t.uint16() }, "Coin");
  const Hall = schema(
    {
      round: t.uint16(),
      weather: t.ref(Weather),
      players: t.map(Player).view(),
      coins: t.map(Coin),
      scores: t.array("number"),
    },
    "Hall",
  );
  const shared = ({ round, weather, coins, scores }: AnyState) => ({
    round,
    weather: weather.toJSON(),
    coins: coins.toJSON(),
    scores: scores.toJSON(),
  });

  const change = fc.oneof(
    fc.record({ do: fc.constant("round"), value: fc.nat(65535) }),
    fc.record({ do: fc.constant("rain"), value: fc.nat(255) }),
    fc.record({ do: fc.constant("wind"), value: fc.constantFrom(1, 2) }),
    fc.record({ do: fc.constant("other weather"), value: fc.nat(255) }),
    fc.record({ do: fc.constantFrom("put coin", "take coin", "change coin"), value: fc.nat(5) }),
    fc.record({ do: fc.constantFrom("push", "pop", "write"), value: fc.nat(99) }),
    fc.record({ do: fc.constantFrom("join", "join as spectator"), value: fc.constant(0) }),
    fc.record({ do: fc.constant("walk"), value: fc.nat(1279) }),
  );

  test("each change of a shared field reaches all clients, even new clients and clients that see no players", () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 12 }), (ticks) => {
        const state = new Hall() as AnyState;
        state.weather.assign({ rain: 1, wind: "north" });
        const serializer = serve(state);
        const witnesses: Witness[] = [];
        const acts: Record<string, (value: number) => void> = {
          round: (value) => {
            state.round = value;
          },
          rain: (value) => {
            state.weather.rain = value;
          },
          wind: (value) => {
            state.weather.wind = "x".repeat(value);
          },
          "other weather": (value) => {
            state.weather = new Weather().assign({ rain: value, wind: "new" });
          },
          "put coin": (value) => state.coins.set(`c${value}`, new Coin().assign({ x: value, y: 1, value })),
          "take coin": (value) => state.coins.delete(`c${value}`),
          "change coin": (value) => {
            if (state.coins.has(`c${value}`)) state.coins.get(`c${value}`).value++;
          },
          push: (value) => state.scores.push(value),
          pop: () => state.scores.pop(),
          write: (value) => {
            if (state.scores.length > 0) state.scores[value % state.scores.length] = value;
          },
          join: () => {
            const id = `p${witnesses.length}`;
            state.players.set(id, new Player().assign({ x: 10, y: 10 }));
            witnesses.push(new Witness(serializer, id));
          },
          "join as spectator": () => witnesses.push(new Witness(serializer, "spectator")),
          walk: (value) => {
            for (const player of state.players.values()) player.x = value;
          },
        };
        for (const changes of ticks) {
          // Joins come first in each tick. Otherwise an element may be pushed, sent in a full state and then written
          // again, all in one tick. In this case, even the framework's own encoder sends a wrong list.
          const inOrder = changes.toSorted((a, b) => Number(b.do.startsWith("join")) - Number(a.do.startsWith("join")));
          for (const { do: act, value } of inOrder) acts[act]!(value);
          tick(serializer, state, witnesses);
          for (const witness of [...witnesses, new Witness(serializer, "spectator")]) {
            expect(shared(witness.decoded)).toEqual(shared(state));
            if (!state.players.has(witness.sessionId)) expect(witness.decoded.players.size).toBe(0);
          }
        }
      }),
      { numRuns: runs(75) },
    );
  });
});
