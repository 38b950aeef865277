import { Encoder, StateView, schema, t } from "@colyseus/schema";
import { describe, expect, test } from "@jest/globals";
import { getMessageBytes, Protocol } from "colyseus";
import fc from "fast-check";
import { FAR } from "../../bench/harness/arena.ts";
import { clockOf, type Mention, WireAudit, WireError } from "../../bench/harness/wire-audit.ts";
import { Player } from "../../schema/player.ts";
import { WorldState } from "../../schema/world-state.ts";

/** The world's state without the framework's views: each client sees all players. */
const OpenState = schema(
  { map: t.string(), width: t.uint16(), height: t.uint16(), players: t.map(Player) },
  "WorldState",
);

/** A world in which a client sees all players. The framework's own encoder writes the frames. */
class FramedWorld {
  readonly state = new OpenState().assign({ map: "plaza", width: 4096, height: 4096 });
  readonly #encoder = new Encoder(this.state);

  join(id: string, x: number, y: number, name = id): Player {
    const player = new Player().assign({ name, x, y });
    this.state.players.set(id, player);
    return player;
  }

  full(): Uint8Array {
    // The full state includes all changes so far, so the next patch must not repeat them.
    const frame = Buffer.concat([Buffer.of(0x0e), this.#encoder.encodeAll()]);
    this.#encoder.discardChanges();
    return frame;
  }

  patch(): Uint8Array {
    const frame = Buffer.concat([Buffer.of(0x0f), this.#encoder.encode()]);
    this.#encoder.discardChanges();
    return frame;
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const brief = (mentions: Mention[]) => mentions.map(({ how, id, x, y }) => `${how} ${id} ${x} ${y}`);

/** A world in which a client sees only the players of its StateView. The framework's own encoder writes the frames. */
class ViewedWorld {
  readonly state = new WorldState().assign({ map: "plaza", width: 4096, height: 4096 });
  readonly view = new StateView();
  readonly #encoder = new Encoder(this.state);

  full(): Uint8Array {
    const at = { offset: 0 };
    this.#encoder.encodeAll(at);
    const frame = Buffer.concat([Buffer.of(0x0e), this.#encoder.encodeAllView(this.view, at.offset, at)]);
    this.#encoder.discardChanges();
    return frame;
  }

  patch(): Uint8Array {
    const at = { offset: 0 };
    this.#encoder.encode(at);
    const frame = Buffer.concat([Buffer.of(0x0f), this.#encoder.encodeView(this.view, at.offset, at)]);
    this.#encoder.discardChanges();
    return frame;
  }
}

/** Creates the audit of the client ada at (1000, 1000). The client knows itself and bob, who is at (1100, 1000). */
function createAudit() {
  const world = new FramedWorld();
  const ada = world.join("ada", 1000, 1000);
  const bob = world.join("bob", 1100, 1000);
  const audit = new WireAudit();
  const mentions = audit.read(world.full());
  const [adaRef, bobRef] = [mentions[0]!.refId!, mentions[1]!.refId!];
  return { world, ada, bob, audit, mentions, adaRef, bobRef };
}

describe("the wire audit, which parses the frames of a client,", () => {
  test("returns the players that are listed in a full state", () => {
    const { mentions, audit } = createAudit();
    expect(brief(mentions)).toEqual([
      "add ada 1000 1000",
      "add bob 1100 1000",
      "change ada 1000 1000",
      "change bob 1100 1000",
    ]);
    expect([...audit.known()]).toEqual(["ada", "bob"]);
    expect(audit.placeOf("bob")).toEqual({ x: 1100, y: 1000 });
    expect(audit.placeOf("eve")).toBeUndefined();
  });

  test("returns the players that a patch names, with their positions after the patch", () => {
    const { world, bob, audit } = createAudit();
    bob.x = 1108;
    expect(brief(audit.read(world.patch()))).toEqual(["change bob 1108 1000"]);
    bob.facing = 1;
    expect(brief(audit.read(world.patch()))).toEqual(["change bob 1108 1000"]);
    world.join("eve", 900, 910);
    expect(brief(audit.read(world.patch()))).toEqual(["add eve 900 910", "change eve 900 910"]);
    world.state.players.delete("bob");
    expect(brief(audit.read(world.patch()))).toEqual(["remove bob 1108 1000"]);
    expect([...audit.known()]).toEqual(["ada", "eve"]);
    world.join("eve", 5, 6);
    expect(brief(audit.read(world.patch()))).toEqual(["remove eve 900 910", "add eve 5 6", "change eve 5 6"]);
    world.state.width = 9;
    expect(audit.read(world.patch())).toEqual([]);
    world.state.players.clear();
    expect(brief(audit.read(world.patch())).sort()).toEqual(["remove ada 1000 1000", "remove eve 5 6"]);
    expect(audit.known().size).toBe(0);
  });

  test("knows the same players and positions as the world's state after any sequence of changes and frames", () => {
    const events = fc.array(
      fc.record({
        kind: fc.constantFrom("join", "leave", "walk", "rename", "patch", "full"),
        id: fc.constantFrom("a", "b", "c", "d", "e"),
        x: fc.nat(4096),
        y: fc.nat(4096),
        name: fc.string({ maxLength: 40, unit: "grapheme" }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(events, (list) => {
        const world = new FramedWorld();
        const audit = new WireAudit();
        audit.read(world.full());
        const { players } = world.state;
        const check = (frame: Uint8Array) => {
          audit.read(frame);
          expect([...audit.known()].sort()).toEqual([...players.keys()].sort());
          for (const [id, { x, y }] of players) expect(audit.placeOf(id)).toEqual({ x, y });
        };
        for (const { kind, id, x, y, name } of list) {
          const player = players.get(id);
          if (kind === "join") world.join(id, x, y, name);
          else if (kind === "full") check(world.full());
          else if (kind === "patch") check(world.patch());
          else if (kind === "leave" && player) players.delete(id);
          else if (kind === "rename") player?.assign({ name });
          else player?.assign({ x, y });
        }
        check(world.patch());
      }),
    );
  });

  test("knows exactly the players in the client's StateView", () => {
    const events = fc.array(
      fc.record({ kind: fc.constantFrom("see", "lose", "walk", "patch"), id: fc.nat(5), x: fc.nat(4096) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(events, (list) => {
        const world = new ViewedWorld();
        const players = Array.from({ length: 6 }, (_, id) => new Player().assign({ name: `p${id}`, x: id, y: 0 }));
        for (const [id, player] of players.entries()) world.state.players.set(`p${id}`, player);
        const seen = new Set<string>();
        const touched = new Set<string>();
        const audit = new WireAudit();
        const check = (frame: Uint8Array) => {
          for (const { id } of audit.read(frame)) expect(touched).toContain(id);
          expect([...audit.known()].sort()).toEqual([...seen].sort());
          for (const id of seen) expect(audit.placeOf(id)?.x).toBe(world.state.players.get(id)!.x);
          touched.clear();
          for (const id of seen) touched.add(id);
        };
        check(world.full());
        for (const { kind, id, x } of list) {
          const [name, player] = [`p${id}`, players[id]!];
          if (kind === "walk") player.x = x;
          if (kind === "patch") check(world.patch());
          // This test covers only worlds in which a player enters or leaves the view at most once between two patches.
          if (kind === "see" && !touched.has(name)) {
            world.view.add(player);
            seen.add(name);
            touched.add(name);
          }
          if (kind === "lose" && seen.has(name)) {
            check(world.patch());
            world.view.remove(player);
            seen.delete(name);
            check(world.patch());
          }
        }
        check(world.patch());
      }),
    );
  });

  test("forgets the players that are missing in a new full state", () => {
    const { audit, bobRef } = createAudit();
    const other = new FramedWorld();
    other.join("ada", 1000, 1000);
    expect(brief(audit.read(other.full()))).toEqual(["add ada 1000 1000", "change ada 1000 1000"]);
    expect([...audit.known()]).toEqual(["ada"]);
    expect(() => audit.read(bytes(0x0f, 0xff, bobRef, 0x81, 1, 0))).toThrow("is unknown to this client");
  });

  test("skips the time and the input number of a timed frame", () => {
    const { world, bob, audit } = createAudit();
    expect(audit.read(bytes(0x8f, 1, 2, 3, 4, 5, 6, 7, 8))).toEqual([]);
    bob.y = 1;
    const [, ...patch] = world.patch();
    expect(brief(audit.read(bytes(0x8f, 255, 255, 0, 0, 255, 0, 0, 0, ...patch)))).toEqual(["change bob 1100 1"]);
    const [, ...full] = world.full();
    expect(audit.read(bytes(0x8e, 0, 0, 0, 0, 0, 0, 0, 0, ...full))).toHaveLength(4);
  });

  test("isState() is true only for full states and patches", () => {
    expect([0x0e, 0x0f, 0x8e, 0x8f].every((opcode) => WireAudit.isState(bytes(opcode)))).toBe(true);
    expect([0x0a, 0x0d, 0x12, 0x8d].some((opcode) => WireAudit.isState(bytes(opcode)))).toBe(false);
    expect(WireAudit.isState(bytes())).toBe(false);
  });

  test("throws an error with the reason if a frame is invalid", () => {
    const errorOf = (...frame: number[]) => {
      const { audit } = createAudit();
      try {
        audit.read(bytes(...frame));
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        return (error as Error).message.replace(/^.*?: /, "");
      }
      throw new Error("the audit accepted the frame");
    };
    const { bobRef } = createAudit();
    expect(errorOf(0x0d, 1)).toBe("expected a full state or a patch");
    expect(errorOf(0x4f)).toBe("the opcode has an unknown flag");
    expect(errorOf(0x8f, 1, 2, 3)).toBe("the time and the input number are truncated");
    expect(errorOf(0x0f, 0xff, 99)).toBe("reference 99 is unknown to this client");
    expect(errorOf(0x0f, 0xff)).toBe("a number is truncated");
    expect(errorOf(0x0f, 0x87)).toBe("the state has no field with index 7");
    expect(errorOf(0x0f, 0xff, bobRef, 0x85, 1)).toBe("a player has no field with index 5");
    expect(errorOf(0x0f, 0xff, bobRef, 0x81, 1)).toBe("the value of `x` is truncated");
    expect(errorOf(0x0f, 0xff, bobRef, 0x80, 0xa3, 0x61, 0x62)).toBe("a string is truncated");
    expect(errorOf(0x0f, 0xff, bobRef, 0x80, 0xda, 0xff)).toBe("a string is truncated");
    expect(errorOf(0x0f, 0xff, bobRef, 0x80, 0x17)).toBe("expected a string");
    expect(errorOf(0x0f, 0xff, 1, 0x20, 0)).toBe("0x20 is not an operation on a map");
    expect(errorOf(0x0f, 0xff, 1, 0x00, 9, 9)).toBe("no player has index 9");
    expect(errorOf(0x0f, 0xff, 1, 0x80, 9, 0xc0)).toBe("expected a string");
    expect(errorOf(0x0f, 0xff, 1, 0x80, 9, 0xa1, 0x65, 0xff)).toBe("expected a reference or an index");
  });

  test("throws an error with the offset of the first invalid byte of a frame", () => {
    const { audit } = createAudit();
    expect(() => audit.read(bytes(0x0f, 0x81, 1, 0, 0x87, 5))).toThrow(
      "byte 4 of 6 (8705): the state has no field with index 7",
    );
  });

  test("throws on a truncated frame, unless the frame ends between two values", () => {
    const { bobRef } = createAudit();
    const values = [
      [0x0f],
      [0xff, bobRef],
      [0x81, 0x10, 0x04],
      [0x82, 0x20, 0x03],
      [0x80, 0xa3, 0x72, 0x6f, 0x62],
      [0xff, 1],
      [0x80, 0xcc, 0xc8, 0xa3, 0x65, 0x76, 0x65, 0xcd, 0x2c, 0x01],
      [0xff, 0xcd, 0x2c, 0x01],
      [0x83, 1],
    ];
    const frame = values.flat();
    const between = new Set(values.map((_, index) => values.slice(0, index + 1).flat().length));
    for (let length = 1; length <= frame.length; length++) {
      const read = () => createAudit().audit.read(bytes(...frame.slice(0, length)));
      if (between.has(length)) expect(read).not.toThrow();
      else expect(read).toThrow(WireError);
    }
    expect(brief(createAudit().audit.read(bytes(...frame)))).toEqual([
      "change bob 1040 800",
      "add eve undefined undefined",
      "change eve undefined undefined",
    ]);
  });
});

// A leak is data about a player that is more than FAR units away from the client. The server must not send such data.
describe("leaks() finds players that a client gets although it must not see them:", () => {
  const leaks = (frame: Uint8Array, options?: Parameters<WireAudit["leaks"]>[2]) => {
    const { audit } = createAudit();
    return audit.leaks("ada", audit.read(frame), options);
  };
  /** Returns a patch that adds eve with the given fields. */
  const added = (...fields: number[]) => bytes(0x0f, 0xff, 1, 0x80, 7, 0xa3, 0x65, 0x76, 0x65, 50, ...fields);
  const at = (x: number, y: number) => [0xff, 50, 0x81, x & 255, x >> 8, 0x82, y & 255, y >> 8];

  test("reports no leak for the client's own player or for players within FAR units", () => {
    const { audit, mentions } = createAudit();
    expect(audit.leaks("ada", mentions)).toEqual([]);
    expect(leaks(added(...at(1000 + FAR, 1000)))).toEqual([]);
  });

  test("reports both the addition and the fields of a new player that is more than FAR units away", () => {
    const found = leaks(added(...at(1000, 3000)));
    expect(found).toEqual([
      "eve (reference 50, add) at (1000, 3000) is 1992 units from the client's (1000, 1000)",
      "eve (reference 50, change) at (1000, 3000) is 1992 units from the client's (1000, 1000)",
    ]);
  });

  test("allows a distance of FAR units, plus 8 units for each tick of the option `slackTicks`, which is 1 by default", () => {
    expect(leaks(added(...at(1000 + FAR + 8, 1000)))).toEqual([]);
    expect(leaks(added(...at(1000 + FAR + 9, 1000)))).toHaveLength(2);
    expect(leaks(added(...at(1000 + FAR + 9, 1000)), { slackTicks: 2 })).toEqual([]);
    expect(leaks(added(...at(1000 + FAR + 1, 1000)), { slackTicks: 0 })).toHaveLength(2);
  });

  test("reports a player that is sent without a position", () => {
    expect(leaks(added())).toEqual(["eve (reference 50, add) is sent without a position"]);
    expect(leaks(added(0xff, 50, 0x81, 1, 0))).toHaveLength(2);
  });

  test("reports a message from a player that is unknown to the client or too far away from it", () => {
    const said = (type: string, id: string) =>
      new Uint8Array(getMessageBytes.raw(Protocol.ROOM_DATA, type, { id, text: "hello" }));
    const { world, bob, audit } = createAudit();
    const leaksOf = (type: string, id: string) => audit.leaks("ada", audit.read(said(type, id)));
    expect(["say", "wave"].flatMap((type) => [...leaksOf(type, "ada"), ...leaksOf(type, "bob")])).toEqual([]);
    expect(leaksOf("wave", "eve")).toEqual(["eve says something, but is unknown to this client"]);
    bob.x = 4000;
    audit.read(world.patch());
    expect(leaksOf("say", "bob")).toEqual([expect.stringMatching(/^bob \(reference \d+, say\) at .* is 2992 units/)]);
    expect(WireAudit.isSay(said("saying", "bob"))).toBe(false);
  });

  test("reports a change of a player that has moved more than FAR units away from the client", () => {
    const { world, bob, audit } = createAudit();
    bob.facing = 2;
    expect(audit.leaks("ada", audit.read(world.patch()))).toEqual([]);
    bob.x = 4000;
    expect(audit.leaks("ada", audit.read(world.patch()))).toHaveLength(1);
  });

  test("reports a change of a player if the client's own player has moved more than FAR units away from this player", () => {
    const { world, ada, bob, audit } = createAudit();
    ada.x = 4000;
    bob.facing = 2;
    expect(audit.leaks("ada", audit.read(world.patch()))).toEqual([
      expect.stringMatching(
        /^bob \(reference \d+, change\) at \(1100, 1000\) is 2892 units from the client's \(4000, 1000\)$/,
      ),
    ]);
  });

  test("reports the removal of a player only if the client does not know this player", () => {
    const { world, ada, audit } = createAudit();
    ada.x = 4000;
    world.state.players.delete("bob");
    expect(audit.leaks("ada", audit.read(world.patch()))).toEqual([]);
    expect(leaks(bytes(0x0f, 0xff, 1, 0x40, 77))).toEqual(["a player unknown to this client is removed"]);
  });

  test("uses the positions from the option placeOf instead of the positions in the frames", () => {
    const { world, bob, audit } = createAudit();
    bob.facing = 2;
    const mentions = audit.read(world.patch());
    const placeOf = (id: string) => (id === "bob" ? { x: 4000, y: 4000 } : undefined);
    expect(audit.leaks("ada", mentions, { placeOf })).toHaveLength(1);
  });

  test("reports every player in a client's frames if the client does not know its own position", () => {
    const { audit, mentions } = createAudit();
    expect(audit.leaks("zoe", mentions)[0]).toContain("a client that does not know its own position");
  });
});

test("clockOf returns the room's clock of a timed state frame, and undefined for any other frame", () => {
  // The frame is at an offset in its buffer, as in a stream.
  const buffer = bytes(0xff, 0x8f, 0x61, 0x01, 0, 0, 3, 0, 0, 0);
  expect(clockOf(buffer.subarray(1))).toBe(0x161);
  expect(clockOf(bytes(0x8e, 1, 2, 3, 4, 0, 0, 0, 0))).toBe(0x04030201);
  const others = [bytes(), bytes(0x0f, 1, 2, 3, 4, 5, 6, 7, 8), bytes(0x8f, 1, 2), bytes(0x8d, 1, 2, 3, 4, 5, 6, 7, 8)];
  for (const other of others) expect(clockOf(other)).toBeUndefined();
});
