// Tests that a mirror, and a copy made from the mirror's snapshot, equal the room in the authority after every tick.
import { $changes, Encoder, type Schema, schema, t } from "@colyseus/schema";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { TrackedPlayer } from "../../../rooms/interest/player-codec.ts";
import { BLANK_INPUT } from "../../../schema/move-input.ts";
import { Player } from "../../../schema/player.ts";
import { WorldState } from "../../../schema/world-state.ts";
import type { Input } from "../../../sim/apply-input.ts";
import { CHANGES, EVERYTHING, Mirror, writeMessage } from "../../../src/cluster/mirror/mirror.ts";
import { MirrorSerializer } from "../../../src/cluster/mirror/mirror-serializer.ts";
import { PlayerFormat, UNKNOWN, valuesOf } from "../../../src/cluster/mirror/player-format.ts";
import { SchemaReader, SchemaWriter } from "../../../src/cluster/mirror/schema-bytes.ts";

const RECORD = { id: "room", name: "world", options: { map: "plaza" }, width: 640, height: 640, maxBytesPerClient: 0 };

/** A fake of the framework's object for the inputs of a client. */
class ClientInputs {
  consumedCount = 0;
  latest: Input = { ...BLANK_INPUT };
  queue: Input[] = [];
  get size(): number {
    return this.queue.length;
  }
  peek = () => this.queue;
  clear = () => {};
}

/** A room in the authority. All players of the room are connected. */
class Room {
  readonly state = new WorldState();
  readonly inputs = new Map<string, ClientInputs>();
  readonly moves = new Map<string, Input[]>();
  readonly #serializer: MirrorSerializer;
  readonly #out = new SchemaWriter(1);
  #isFirst = true;

  constructor() {
    new Encoder(this.state);
    this.state.assign({ map: "plaza", width: 640, height: 640 });
    this.#serializer = new MirrorSerializer(
      this.state as never,
      { get: (id) => this.inputs.get(id) ?? new ClientInputs() },
      () => Array.from(this.moves, ([id, moves]) => ({ id, moves }) as never),
      undefined,
    );
  }

  join(id: string): void {
    this.state.players.set(id, new Player().assign({ name: id, x: 1, y: 2, look: 3 }));
    this.inputs.set(id, new ClientInputs());
  }

  leave(id: string): void {
    this.state.players.delete(id);
    this.inputs.delete(id);
    this.moves.delete(id);
  }

  /** Ends a tick. Returns the message to mirrors: the whole state after the first tick, and later only changes. */
  tick(): Uint8Array {
    const clients = Array.from(this.inputs.keys(), (sessionId) => ({ sessionId }) as never);
    this.#serializer.applyPatches(clients, this.state as never, { sNow: 50 });
    this.#out.clear();
    writeMessage(this.#out, {
      kind: this.#isFirst ? EVERYTHING : CHANGES,
      time: 0,
      age: 0,
      news: this.#isFirst ? { rooms: [RECORD] } : {},
      sections: [[RECORD.id, this.#serializer.takeSection()!]],
    });
    this.#isFirst = false;
    return Uint8Array.from(this.#out.written());
  }

  /** The expected contents of a mirror of the room. */
  get contents() {
    const players = Object.fromEntries(
      Array.from(this.state.players, ([id, player]) => {
        const { consumedCount, latest, queue } = this.inputs.get(id)!;
        const moves = this.moves.get(id) ?? [];
        return [id, { ...player.toJSON(), consumedCount, latest: { ...latest }, queue, moves }];
      }),
    );
    return { map: this.state.map, players };
  }
}

function contentsOf(mirror: Mirror) {
  const room = mirror.rooms.get(RECORD.id)!;
  const { moves, predicted } = room.waitingInputs();
  const state = room.state as unknown as WorldState;
  const players = Object.fromEntries(
    Array.from(state.players, ([id, player]) => {
      const { consumedCount, latest, slot } = room.players.of(id)!;
      const waiting = { queue: predicted.get(slot) ?? [], moves: moves.get(slot) ?? [] };
      return [id, { ...player.toJSON(), consumedCount, latest, ...waiting }];
    }),
  );
  return { map: state.map, players };
}

/** Returns a copy of a mirror, made from the mirror's snapshot. */
function copyOf(mirror: Mirror): Mirror {
  const copy = new Mirror();
  copy.read(mirror.snapshot());
  return copy;
}

const id = fc.constantFrom("ann", "bob", "cat", "dan");
const direction = fc.integer({ min: 0, max: 4 });
const change = fc.oneof(
  fc.record({ kind: fc.constant("join" as const), id }),
  fc.record({ kind: fc.constant("leave" as const), id }),
  fc.record({ kind: fc.constant("replace" as const), id }),
  fc.record({ kind: fc.constant("step" as const), id, x: fc.nat(600), facing: direction }),
  fc.record({ kind: fc.constant("rename" as const), id, name: fc.string({ unit: "grapheme", maxLength: 40 }) }),
  fc.record({ kind: fc.constant("input" as const), id, direction, count: fc.nat(300) }),
  fc.record({ kind: fc.constant("reconnect" as const), id }),
  fc.record({ kind: fc.constant("queue" as const), id, queue: fc.array(fc.record({ direction }), { maxLength: 8 }) }),
  fc.record({ kind: fc.constant("moves" as const), id, queue: fc.array(fc.record({ direction }), { maxLength: 8 }) }),
);

function apply(room: Room, one: typeof change extends fc.Arbitrary<infer Change> ? Change : never): void {
  const player = room.state.players.get(one.id);
  const inputs = room.inputs.get(one.id);
  if (!player || !inputs) {
    if (one.kind === "join") room.join(one.id);
  } else if (one.kind === "leave") room.leave(one.id);
  else if (one.kind === "replace") room.state.players.set(one.id, new Player().assign({ ...player.toJSON(), look: 9 }));
  else if (one.kind === "step") player.assign({ x: one.x, facing: one.facing });
  else if (one.kind === "rename") player.name = one.name;
  else if (one.kind === "input") {
    inputs.latest.direction = one.direction;
    inputs.consumedCount += one.count;
  } else if (one.kind === "reconnect") room.inputs.set(one.id, new ClientInputs());
  else if (one.kind === "queue") inputs.queue = one.queue;
  else if (one.kind === "moves") room.moves.set(one.id, one.queue);
}

test("a mirror equals the room after every tick, and so does another mirror that reads the first mirror's snapshot", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 12 }), (ticks) => {
      const room = new Room();
      const mirror = new Mirror();
      let copy = new Mirror();
      const late = new Mirror();
      for (const [index, changes] of ticks.entries()) {
        for (const one of changes) apply(room, one);
        const message = room.tick();
        mirror.read(message);
        copy.read(message);
        expect(contentsOf(mirror)).toEqual(room.contents);
        expect(contentsOf(copy)).toEqual(room.contents);
        if (index % 3 === 0) copy = copyOf(copy);
        if (index % 4 === 0) {
          const { refId, player } = late.rooms.get(RECORD.id)?.players.of("ann") ?? {};
          late.read(mirror.snapshot());
          expect(contentsOf(late)).toEqual(room.contents);
          // A snapshot must keep the object of a player that the mirror already has. Otherwise clients would get the
          // whole player instead of the changes.
          const now = late.rooms.get(RECORD.id)!.players.of("ann");
          if (now?.refId === refId) expect(now?.player).toBe(player);
        }
      }
    }),
  );
});

test("players of any class are mirrored: fields of every type, fields without a value, and up to 63 fields", () => {
  const types = [
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "float32",
    "float64",
    "number",
    "boolean",
  ] as const;
  const values = {
    int8: -5,
    uint8: 250,
    int16: -3000,
    uint16: 60000,
    int32: -7e8,
    uint32: 4e9,
    float32: 1.5,
    float64: 0.1,
  };
  const fields = Object.fromEntries([
    ...types.map((type) => [type, t[type]()] as const),
    ["text", t.string()],
    ["angle", t.angle()],
    ...Array.from({ length: 51 }, (_, index) => [`extra${index}`, t.uint8()] as const),
  ]);
  const Anyone = schema(fields as { x: ReturnType<typeof t.uint16> }, "Anyone");
  const create = () => new Anyone() as unknown as TrackedPlayer & Schema & Record<string, unknown>;
  const [player, mirrored] = [create(), create()];
  const format = new PlayerFormat(Anyone as unknown as typeof Schema);
  const target = { player: mirrored, values: valuesOf(mirrored), consumedCount: 7, latest: undefined };
  const out = new SchemaWriter(1);
  const send = (isWhole: boolean, applied: number, before: number) => {
    out.clear();
    format.write(out, player, isWhole, applied, before, undefined);
    format.read(new SchemaReader(Uint8Array.from(out.written())), target, true);
    player[$changes]!.endEncode();
    expect(mirrored.toJSON()).toEqual(player.toJSON());
    expect(target.consumedCount).toBe(applied);
  };
  send(true, 0, UNKNOWN);
  player.assign({
    ...values,
    number: 123456.5,
    boolean: true,
    text: "한국".repeat(500),
    angle: 1.234,
    extra50: 200,
  } as never);
  send(false, 3, 0);
  player.assign({ text: undefined, int8: undefined, extra50: 1 } as never);
  send(false, 300_000, 3);
  send(true, 2, 300_000);
});
