// Tests portals: a player that walks onto a portal can join another map, at the place to which the portal leads.
import type { Room } from "@colyseus/sdk";
import { describe, expect, jest, test } from "@jest/globals";
import { portalsOf } from "../../rooms/portals.ts";
import { ERRORS } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { Arrivals } from "../../src/auth/arrivals.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { drawnMap, withObjects } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { SECRETS, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

/** Open ground with a spawn at (48, 48). */
const ROWS = ["..........", ".s........", ".........."];
/** A gate three tiles to the right of the spawn. It leads to the arch, which leads back to the gate. */
const GATE = { name: "gate", shape: "rectangle", x: 160, y: 48, width: 32, height: 32 } as const;
const ARCH = { name: "arch", x: 272, y: 52 };
const HATCH = { name: "hatch", x: 48, y: 80 };
const maps = new Map([
  [
    "plaza",
    withObjects(
      drawnMap("plaza", ROWS),
      { ...GATE, properties: { portal: "meadow", arrival: "arch" } },
      { ...HATCH, properties: { portal: "meadow" } },
    ),
  ],
  ["meadow", withObjects(drawnMap("meadow", ROWS), { ...ARCH, properties: { portal: "plaza", arrival: "gate" } })],
]);
const server = startServer({ maps });

interface PortalMessage {
  map: string;
  arrival: string;
}

/** Joins the plaza. Each `portal` message that arrives is added to `portals`. */
async function join(token?: string): Promise<{ room: Room<unknown, WorldState>; portals: PortalMessage[] }> {
  const room = await joinWithSdk(server, { map: "plaza" }, token);
  const portals: PortalMessage[] = [];
  room.onMessage("portal", (message: PortalMessage) => portals.push(message));
  return { room, portals };
}

const self = (room: Room<unknown, WorldState>) => room.state.players.get(room.sessionId)!;

/** Walks until `isThere` returns true. */
async function walkTo(room: Room<unknown, WorldState>, word: string, isThere: () => boolean): Promise<void> {
  const walking = setInterval(() => room.send("move", word), 50);
  try {
    await until(isThere);
  } finally {
    clearInterval(walking);
  }
}

/** Joins the plaza and walks onto the gate. @returns the room and the content of the first `portal` message. */
async function throughGate(token?: string): Promise<PortalMessage & { room: Room<unknown, WorldState> }> {
  const { room, portals } = await join(token);
  await walkTo(room, "right", () => portals.length > 0);
  return { ...portals[0]!, room };
}

describe("portals of a map:", () => {
  test("portalsOf returns the bounds of each portal, whatever its shape and rotation", () => {
    const properties = { portal: "plaza" };
    const map = withObjects(
      drawnMap("cave", ROWS),
      { shape: "rectangle", x: 100, y: 50, width: 40, height: 20, rotation: 90, properties },
      { x: 7, y: 9, properties },
      {
        shape: "polygon",
        x: 20,
        y: 20,
        points: [
          { x: 10, y: 15 },
          { x: 30, y: 12 },
          { x: 25, y: 28 },
        ],
        properties,
      },
      { shape: "rectangle", x: 100, y: 50, width: 40, height: 20 },
    );
    expect(portalsOf(map, maps).portals).toMatchObject([
      { left: 90, top: 30, right: 110, bottom: 70 },
      { left: 7, top: 9, right: 7, bottom: 9 },
      { left: 10, top: 12, right: 30, bottom: 28 },
    ]);
  });

  test("portalsOf reports portals that lead nowhere, and leaves them out", () => {
    const map = withObjects(
      drawnMap("cave", ROWS),
      { name: "door", x: 8, y: 9, properties: { portal: "attic" } },
      { name: "gap", properties: { portal: "meadow", arrival: "well" } },
      { properties: { portal: 7 } },
    );
    expect(portalsOf(map, maps)).toEqual({
      portals: [],
      problems: [
        'its portal "door" at (0.25, 0.28) leads to the map "attic", which cannot be played on',
        'its portal "gap" at (0.00, 0.00) leads to the object "well", which the map "meadow" lacks',
        'its portal "" at (0.00, 0.00) leads to the map "7", which cannot be played on',
      ],
    });
  });

  test("portalsOf returns only 256 portals if a map has more, and reports the number of the map's portals", () => {
    const objects = Array(257).fill({ properties: { portal: "plaza" } });
    const { portals, problems } = portalsOf(withObjects(drawnMap("cave", ROWS), ...objects), maps);
    expect([portals.length, problems]).toEqual([256, ["it has 257 portals; only the first 256 can be used"]]);
  });
});

describe("messages:", () => {
  test("a player that touches a portal gets one message, and stays on its map", async () => {
    const { room, portals } = await join();
    const positions: number[] = [];
    room.onStateChange(() => positions.push(self(room).x));
    await walkTo(room, "right", () => self(room).x > GATE.x + 60);
    expect(portals).toEqual([{ map: "meadow", arrival: expect.any(String) }]);
    expect(room.state.map).toBe("plaza");
    // A player that walks onto the gate a second time gets a second token.
    await walkTo(room, "left", () => portals.length === 2);
    expect(portals[1]!.arrival).not.toBe(portals[0]!.arrival);
    await room.leave();
  });

  test("a body touches a portal when their areas overlap, not when only their edges meet", async () => {
    const { room, portals } = await join();
    const step = async (x: number) => {
      room.send("move", "right");
      await until(() => self(room).x === x);
    };
    // The left edge of the gate is at x = 144. The body's edge meets it when the body's centre is at x = 132.
    for (let x = 56; x <= 128; x += 8) await step(x);
    expect(portals).toEqual([]);
    await step(136);
    await until(() => portals.length === 1);
    await room.leave();
  });

  test("a client on a plain WebSocket receives the `portal` message as JSON, and joins with the message's token in the query", async () => {
    const player = await PlainPlayer.join(server.url, "?map=plaza");
    const walking = setInterval(() => player.socket.send("우"), 50);
    const portal = () => player.frames.find(({ type }) => type === "portal");
    await until(portal);
    clearInterval(walking);
    expect(portal()).toEqual({ type: "portal", map: "meadow", arrival: expect.any(String) });
    player.socket.close();
    const { map, arrival } = portal() as unknown as PortalMessage;
    const arrived = await PlainPlayer.join(server.url, `?map=${map}&arrival=${arrival}`);
    expect(arrived.frames[0]).toMatchObject({ type: "welcome", map: "meadow", x: ARCH.x, y: ARCH.y });
    arrived.socket.close();
  });
});

describe("arrivals:", () => {
  test("a guest that arrives on another portal gets no message about that portal until the guest walks off it and back on", async () => {
    const { map, arrival } = await throughGate();
    const room = await joinWithSdk(server, { map, arrival });
    const portals: PortalMessage[] = [];
    room.onMessage("portal", (message: PortalMessage) => portals.push(message));
    expect(self(room)).toMatchObject({ x: ARCH.x, y: ARCH.y });
    await walkTo(room, "left", () => self(room).x < ARCH.x - 40);
    expect(portals).toEqual([]);
    await walkTo(room, "right", () => portals.length === 1);
    expect(portals[0]!.map).toBe("plaza");
    await room.leave();
  });

  test("a portal without an `arrival` property leads to a spawn", async () => {
    const { room, portals } = await join();
    await walkTo(room, "down", () => portals.length > 0);
    const arrived = await joinWithSdk(server, { ...portals[0] });
    expect(self(arrived)).toMatchObject({ x: 48, y: 48 });
    await arrived.leave();
    await room.leave();
  });

  test("a signed-in player arrives where the portal leads, not at its saved position, and leaves the other map", async () => {
    const token = await server.tokens.sign(newPlayerId());
    const before = await joinWithSdk(server, { map: "meadow" }, token);
    await walkTo(before, "right", () => self(before).x > 80);
    await before.leave();
    const { room, map, arrival } = await throughGate(token);
    const closed = new Promise<number>((resolve) => room.onLeave(resolve));
    const arrived = await joinWithSdk(server, { map, arrival }, token);
    expect(self(arrived)).toMatchObject({ x: ARCH.x, y: ARCH.y });
    expect(await closed).toBe(ERRORS.takenOver.code);
    await arrived.leave();
    // From now on, the place where the player arrived is its saved position.
    const back = await joinWithSdk(server, { map: "meadow" }, token);
    expect(self(back)).toMatchObject({ x: ARCH.x, y: ARCH.y });
    await back.leave();
  });

  test("a player that arrives through a portal takes no step for two ticks", async () => {
    const witness = await joinWithSdk(server, { map: "meadow" });
    const meadow = await server.roomOf(witness.sessionId);
    const { map, arrival, room } = await throughGate();
    const positions = new Map<string, number[]>();
    const step = meadow.step.bind(meadow);
    meadow.step = () => {
      step();
      for (const [id, { x }] of meadow.state.players) positions.set(id, [...(positions.get(id) ?? []), x]);
    };
    const arrived = await server.client().joinOrCreate<WorldState>("world", { map, arrival });
    for (let moves = 0; moves < 8; moves++) arrived.send("move", "left");
    await until(() => positions.get(arrived.sessionId)?.at(-1) === ARCH.x - 64);
    expect(positions.get(arrived.sessionId)!.slice(0, 2)).toEqual([ARCH.x, ARCH.x]);
    for (const one of [arrived, witness, room]) await one.leave();
  });

  test("a player that joins a room with a token for another map starts at a spawn", async () => {
    const witness = await joinWithSdk(server, { map: "plaza" });
    const arrival = new Arrivals(SECRETS.current).issue({ map: "meadow", x: 272, y: 52 }, undefined);
    const room = await server.client().joinById<WorldState>(witness.roomId, { map: "meadow", arrival });
    await until(() => room.state.players?.has(room.sessionId));
    expect(self(room)).toMatchObject({ x: 48, y: 48 });
    for (const one of [room, witness]) await one.leave();
  });
});

describe("refused arrivals:", () => {
  const place = { map: "meadow", x: 272, y: 52 };
  const refusal = (options: object, token?: string) =>
    joinWithSdk(server, { map: "meadow", ...options }, token).then(
      () => "joined",
      ({ code, message }) => [code, /\[(\w+)\]$/.exec(message)?.[1]],
    );

  test("a forged, foreign, expired or used token is refused with `arrivalInvalid`", async () => {
    const arrivals = new Arrivals(SECRETS.current);
    const token = await server.tokens.sign(newPlayerId());
    const spy = jest.spyOn(Date, "now").mockReturnValueOnce(Date.now() - 10_001);
    const expired = arrivals.issue(place, undefined);
    spy.mockRestore();
    const used = arrivals.issue(place, undefined);
    await (await joinWithSdk(server, { map: "meadow", arrival: used })).leave();
    for (const arrival of ["nonsense", JSON.stringify(place), new Arrivals(SECRETS.old).issue(place, undefined)]) {
      expect(await refusal({ arrival })).toEqual([403, "arrivalInvalid"]);
    }
    expect(await refusal({ arrival: expired })).toEqual([403, "arrivalInvalid"]);
    expect(await refusal({ arrival: used })).toEqual([403, "arrivalInvalid"]);
    expect(await refusal({ arrival: arrivals.issue(place, undefined) }, token)).toEqual([403, "arrivalInvalid"]);
    expect(await refusal({ arrival: arrivals.issue(place, undefined), map: "plaza" })).toEqual([403, "arrivalInvalid"]);
  });

  test.each([{ x: 272, y: 52 }, 7, true, ["x"]])(
    "an `arrival` join option that is not text is refused: %j",
    async (arrival) => {
      expect(await refusal({ arrival })).toEqual([422, "badJoinOption"]);
    },
  );

  test("a refused join does not use up its arrival token", async () => {
    const arrival = new Arrivals(SECRETS.current).issue(place, undefined);
    expect(await refusal({ arrival, name: " " })).toEqual([422, "badJoinOption"]);
    const room = await joinWithSdk(server, { map: "meadow", arrival });
    expect(self(room)).toMatchObject({ x: 272, y: 52 });
    await room.leave();
  });
});
