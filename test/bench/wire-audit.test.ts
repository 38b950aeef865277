import { Encoder, StateView, schema, t } from "@colyseus/schema";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FAR } from "../../bench/harness/arena.ts";
import { type Mention, WireAudit, WireError } from "../../bench/harness/wire-audit.ts";
import { Player } from "../../schema/player.ts";
import { WorldState } from "../../schema/world-state.ts";

/** The world's state, but without views: what it encodes is for clients who see everybody. */
const OpenState = schema(
  { map: t.string(), width: t.uint16(), height: t.uint16(), players: t.map(Player) },
  "WorldState",
);

/** A world whose frames are made by the framework's own encoder, for a client who sees everybody. */
class FramedWorld {
  readonly state = new OpenState().assign({ map: "plaza", width: 4096, height: 4096 });
  readonly #encoder = new Encoder(this.state);

  join(id: string, x: number, y: number, name = id): Player {
    const player = new Player().assign({ name, x, y });
    this.state.players.set(id, player);
    return player;
  }

  full(): Uint8Array {
    // A full state tells what the patches told so far, and the next patch begins after it.
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

/** The same for a client of the real state with a view of its own. */
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

/** A client that has been told of itself, ada at (1000, 1000), and of bob, 100 units to the right. */
function told() {
  const world = new FramedWorld();
  const ada = world.join("ada", 1000, 1000);
  const bob = world.join("bob", 1100, 1000);
  const audit = new WireAudit();
  const mentions = audit.read(world.full());
  const [adaRef, bobRef] = [mentions[0]!.refId!, mentions[1]!.refId!];
  return { world, ada, bob, audit, mentions, adaRef, bobRef };
}

describe("the audit of what is on the wire", () => {
  test("reads who is named in a full state", () => {
    const { mentions, audit } = told();
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

  test("reads who is named in a patch, and where they are by it", () => {
    const { world, bob, audit } = told();
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

  test("follows whatever happens in a world", () => {
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

  test("follows a view of the framework's, and names nobody who is not in it", () => {
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
          // One change of sight at a time: what a view makes of several in one tick is not the matter here.
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

  test("forgets at a full state whom it does not name", () => {
    const { audit, bobRef } = told();
    const other = new FramedWorld();
    other.join("ada", 1000, 1000);
    expect(brief(audit.read(other.full()))).toEqual(["add ada 1000 1000", "change ada 1000 1000"]);
    expect([...audit.known()]).toEqual(["ada"]);
    expect(() => audit.read(bytes(0x0f, 0xff, bobRef, 0x81, 1, 0))).toThrow("was never introduced");
  });

  test("steps over the time and the input number of a timed frame, which alone name nobody", () => {
    const { world, bob, audit } = told();
    expect(audit.read(bytes(0x8f, 1, 2, 3, 4, 5, 6, 7, 8))).toEqual([]);
    bob.y = 1;
    const [, ...patch] = world.patch();
    expect(brief(audit.read(bytes(0x8f, 255, 255, 0, 0, 255, 0, 0, 0, ...patch)))).toEqual(["change bob 1100 1"]);
    const [, ...full] = world.full();
    expect(audit.read(bytes(0x8e, 0, 0, 0, 0, 0, 0, 0, 0, ...full))).toHaveLength(4);
  });

  test("tells a state frame from others", () => {
    expect([0x0e, 0x0f, 0x8e, 0x8f].every((opcode) => WireAudit.isState(bytes(opcode)))).toBe(true);
    expect([0x0a, 0x0d, 0x12, 0x8d].some((opcode) => WireAudit.isState(bytes(opcode)))).toBe(false);
    expect(WireAudit.isState(bytes())).toBe(false);
  });

  test("throws on bytes that it cannot account for", () => {
    const faulty = (...frame: number[]) => {
      const { audit } = told();
      try {
        audit.read(bytes(...frame));
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        return (error as Error).message.replace(/^.*?: /, "");
      }
      throw new Error("it was taken");
    };
    const { bobRef } = told();
    expect(faulty(0x0d, 1)).toBe("expected a full state or a patch");
    expect(faulty(0x4f)).toBe("the opcode has an unknown flag");
    expect(faulty(0x8f, 1, 2, 3)).toBe("the time and the input number are cut off");
    expect(faulty(0x0f, 0xff, 99)).toBe("reference 99 was never introduced to this client");
    expect(faulty(0x0f, 0xff)).toBe("a number is cut off");
    expect(faulty(0x0f, 0x87)).toBe("the state has no field 7");
    expect(faulty(0x0f, 0xff, bobRef, 0x84, 1)).toBe("a player has no field 4");
    expect(faulty(0x0f, 0xff, bobRef, 0x81, 1)).toBe("the value of `x` is cut off");
    expect(faulty(0x0f, 0xff, bobRef, 0x80, 0xa3, 0x61, 0x62)).toBe("a string is cut off");
    expect(faulty(0x0f, 0xff, bobRef, 0x80, 0xda, 0xff)).toBe("a string is cut off");
    expect(faulty(0x0f, 0xff, bobRef, 0x80, 0x17)).toBe("expected a string");
    expect(faulty(0x0f, 0xff, 1, 0x20, 0)).toBe("0x20 is no operation on a map");
    expect(faulty(0x0f, 0xff, 1, 0x00, 9, 9)).toBe("nobody is at index 9");
    expect(faulty(0x0f, 0xff, 1, 0x80, 9, 0xc0)).toBe("expected a string");
    expect(faulty(0x0f, 0xff, 1, 0x80, 9, 0xa1, 0x65, 0xff)).toBe("expected a reference or an index");
  });

  test("tells where such bytes are", () => {
    const { audit } = told();
    expect(() => audit.read(bytes(0x0f, 0x81, 1, 0, 0x87, 5))).toThrow("byte 4 of 6 (8705): the state has no field 7");
  });

  test("notices where a frame is cut, unless it is between two values", () => {
    const { bobRef } = told();
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
      const read = () => told().audit.read(bytes(...frame.slice(0, length)));
      if (between.has(length)) expect(read).not.toThrow();
      else expect(read).toThrow(WireError);
    }
    expect(brief(told().audit.read(bytes(...frame)))).toEqual([
      "change bob 1040 800",
      "add eve undefined undefined",
      "change eve undefined undefined",
    ]);
  });
});

describe("a leak", () => {
  const leaks = (frame: Uint8Array, options?: Parameters<WireAudit["leaks"]>[2]) => {
    const { audit } = told();
    return audit.leaks("ada", audit.read(frame), options);
  };
  /** A patch that adds eve, with the fields that are given. */
  const added = (...fields: number[]) => bytes(0x0f, 0xff, 1, 0x80, 7, 0xa3, 0x65, 0x76, 0x65, 50, ...fields);
  const at = (x: number, y: number) => [0xff, 50, 0x81, x & 255, x >> 8, 0x82, y & 255, y >> 8];

  test("is none for those near, and for oneself", () => {
    const { audit, mentions } = told();
    expect(audit.leaks("ada", mentions)).toEqual([]);
    expect(leaks(added(...at(1000 + FAR, 1000)))).toEqual([]);
  });

  test("is a player who is added too far away, by both things that name it", () => {
    const found = leaks(added(...at(1000, 3000)));
    expect(found).toEqual([
      "eve (reference 50, add) at (1000, 3000) is 1992 units from the client's (1000, 1000)",
      "eve (reference 50, change) at (1000, 3000) is 1992 units from the client's (1000, 1000)",
    ]);
  });

  test("allows for the steps of so many ticks, and no more", () => {
    expect(leaks(added(...at(1000 + FAR + 8, 1000)))).toEqual([]);
    expect(leaks(added(...at(1000 + FAR + 9, 1000)))).toHaveLength(2);
    expect(leaks(added(...at(1000 + FAR + 9, 1000)), { slackTicks: 2 })).toEqual([]);
    expect(leaks(added(...at(1000 + FAR + 1, 1000)), { slackTicks: 0 })).toHaveLength(2);
  });

  test("is a player who is named and whose place nobody told", () => {
    expect(leaks(added())).toEqual(["eve (reference 50, add) is named and nobody said where it is"]);
    expect(leaks(added(0xff, 50, 0x81, 1, 0))).toHaveLength(2);
  });

  test("is the change of a player who was near and has gone too far", () => {
    const { world, bob, audit } = told();
    bob.facing = 2;
    expect(audit.leaks("ada", audit.read(world.patch()))).toEqual([]);
    bob.x = 4000;
    expect(audit.leaks("ada", audit.read(world.patch()))).toHaveLength(1);
  });

  test("is a change after the client itself has gone too far", () => {
    const { world, ada, bob, audit } = told();
    ada.x = 4000;
    bob.facing = 2;
    expect(audit.leaks("ada", audit.read(world.patch()))).toEqual([
      expect.stringMatching(
        /^bob \(reference \d+, change\) at \(1100, 1000\) is 2892 units from the client's \(4000, 1000\)$/,
      ),
    ]);
  });

  test("is no removal of a player it had been told of, but that of another", () => {
    const { world, ada, audit } = told();
    ada.x = 4000;
    world.state.players.delete("bob");
    expect(audit.leaks("ada", audit.read(world.patch()))).toEqual([]);
    expect(leaks(bytes(0x0f, 0xff, 1, 0x40, 77))).toEqual(["the removal of a player this client was never told of"]);
  });

  test("is judged by where players really are, if the caller knows", () => {
    const { world, bob, audit } = told();
    bob.facing = 2;
    const mentions = audit.read(world.patch());
    const placeOf = (id: string) => (id === "bob" ? { x: 4000, y: 4000 } : undefined);
    expect(audit.leaks("ada", mentions, { placeOf })).toHaveLength(1);
  });

  test("is anybody named to a client that does not know its own place", () => {
    const { audit, mentions } = told();
    expect(audit.leaks("zoe", mentions)[0]).toContain("a client that does not know its own place");
  });
});
