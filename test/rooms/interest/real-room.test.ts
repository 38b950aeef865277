// Interest management end to end: real sockets, the unmodified SDK, the plain WebSocket and the monitor.
import { type SchemaType, schema, t } from "@colyseus/schema";
import { Callbacks, type Room as SdkRoom } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { type Client, matchMaker, Protocol, Room } from "colyseus";
import { Grid } from "../../../rooms/interest/grid.ts";
import { InterestSerializer } from "../../../rooms/interest/interest-serializer.ts";
import type { WorldRoom } from "../../../rooms/world-room.ts";
import type { WorldState } from "../../../schema/world-state.ts";
import { TILE } from "../../../sim/rules.ts";
import { cut, socketOf } from "../../support/connection.ts";
import { drawnMap } from "../../support/maps.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { MONITOR, startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

/** Distances in units. A client sees all players within NEAR of its own player, and no player beyond FAR. */
const NEAR = 320;
const FAR = 960;

// 3840 x 320 units of open ground with a spawn at each end. The two spawns are out of sight of each other.
const COLUMNS = 120;
const OPEN_ROW = ".".repeat(COLUMNS);
const FIELD = drawnMap("plaza", [
  ...Array<string>(4).fill(OPEN_ROW),
  `.s${".".repeat(COLUMNS - 4)}s.`,
  ...Array<string>(5).fill(OPEN_ROW),
]);
const WIDTH = COLUMNS * TILE;

const server = startServer({ maps: new Map([["plaza", FIELD]]) });

type SdkClient = SdkRoom<unknown, WorldState>;

/** Joins, and records the client's callbacks in order: `+id` for an onAdd, `-id` for an onRemove. */
async function join() {
  const client = await joinWithSdk(server);
  const events: string[] = [];
  const callbacks = Callbacks.get<WorldState>(client);
  callbacks.onAdd("players", (_player, id) => events.push(`+${id}`));
  callbacks.onRemove("players", (_player, id) => events.push(`-${id}`));
  return { client, events, id: client.sessionId };
}

/**
 * Teleports a player. After the next tick, the player's client sees the players near the new position, and the clients
 * of those players see the teleported player.
 */
function place(room: WorldRoom, id: string, x: number, y = 160): void {
  Object.assign(room.state.players.get(id)!, { x, y });
}

/** Returns the sorted ids of the players that a client sees. */
function seenBy({ state }: SdkClient): string[] {
  return [...state.players.keys()].sort();
}

function sees(client: SdkClient, ...ids: string[]): boolean {
  return seenBy(client).join() === ids.sort().join();
}

/** Counts the ticks of a room from now on. */
function countTicks(room: WorldRoom): () => number {
  let ticks = 0;
  const step = room.step.bind(room);
  room.step = () => {
    step();
    ticks++;
  };
  return () => ticks;
}

/** Records every frame that arrives on a client's socket from now on. */
function framesOf(client: SdkClient): Buffer[] {
  const frames: Buffer[] = [];
  socketOf(client).addEventListener("message", ({ data }) => frames.push(Buffer.from(data as ArrayBuffer)));
  return frames;
}

test("two players see each other within 320 units, and lose sight of each other beyond 960 units", async () => {
  const here = await join();
  const there = await join();
  const room = await server.roomOf(here.id);
  place(room, here.id, 100);
  place(room, there.id, 100 + FAR + 8);
  await until(() => sees(here.client, here.id) && sees(there.client, there.id));

  const beforeMeeting = here.events.length;
  place(room, there.id, 100 + NEAR + 16);
  for (let i = 0; i < 2; i++) there.client.send("move", "left");
  await until(() => room.state.players.get(there.id)!.x === 100 + NEAR);
  await until(() => sees(here.client, here.id, there.id) && sees(there.client, here.id, there.id));
  expect(here.events.slice(beforeMeeting)).toEqual([`+${there.id}`]);

  const beforeParting = here.events.length;
  place(room, there.id, 100 + FAR - 8);
  for (let i = 0; i < 2; i++) there.client.send("move", "right");
  await until(() => room.state.players.get(there.id)!.x === 100 + FAR + 8);
  await until(() => sees(here.client, here.id) && sees(there.client, there.id));
  expect(here.events.slice(beforeParting)).toEqual([`-${there.id}`]);
  expect(here.client.state.toJSON()).toMatchObject({ map: "plaza", width: WIDTH, height: 320 });
});

test("a joining client receives near players in their current state, and no far players", async () => {
  const [near, far] = [await join(), await join()];
  const room = await server.roomOf(near.id);
  place(room, near.id, WIDTH / 2, 100);
  place(room, far.id, 100);
  await until(() => near.client.state.players.get(near.id)?.x === WIDTH / 2);
  const late = await join();
  place(room, late.id, WIDTH / 2 + 200);
  await until(() => sees(late.client, near.id, late.id) && sees(near.client, near.id, late.id));
  expect(late.client.state.players.get(near.id)!.toJSON()).toEqual(room.state.players.get(near.id)!.toJSON());
  near.client.send("move", "up");
  await until(() => late.client.state.players.get(near.id)?.y === 92);
  expect(late.events).not.toContain(`-${near.id}`);
});

test("a reconnected client receives the changes that happened while it was disconnected", async () => {
  const returning = await join();
  const [stays, leavesSight, leaves, entersSight] = [await join(), await join(), await join(), await join()];
  const room = await server.roomOf(returning.id);
  for (const { id } of [returning, stays, leavesSight, leaves]) place(room, id, 1000);
  place(room, entersSight.id, 3000);
  await until(() => sees(returning.client, returning.id, stays.id, leavesSight.id, leaves.id));
  returning.events.length = 0;
  let isBack = false;
  returning.client.onReconnect(() => {
    isBack = true;
  });
  cut(returning.client);
  await until(() => !room.clients.get(returning.id));
  // These changes happen without an `await` between them, so the client cannot reconnect in the meantime.
  place(room, leavesSight.id, 3000);
  place(room, entersSight.id, 1000);
  place(room, stays.id, 1040);
  room.state.players.delete(leaves.id);
  await until(() => isBack);
  await until(() => sees(returning.client, returning.id, stays.id, entersSight.id));
  expect(returning.events.toSorted()).toEqual([`+${entersSight.id}`, `-${leavesSight.id}`, `-${leaves.id}`].toSorted());
  expect(returning.client.state.players.get(stays.id)?.x).toBe(1040);
  stays.client.send("move", "left");
  await until(() => returning.client.state.players.get(stays.id)?.x === 1032);
});

test("a plain WebSocket client sees the same players and removals as an SDK client at the same position", async () => {
  const sdk = await join();
  const other = await join();
  const plain = await PlainPlayer.join(server.url);
  const room = await server.roomOf(plain.id);
  const agree = () => {
    const seen = [...sdk.client.state.players].map(([id, { x, y }]) => [id, x, y]);
    return (
      JSON.stringify(seen.sort()) === JSON.stringify([...plain.players].map(([id, { x, y }]) => [id, x, y]).sort())
    );
  };
  place(room, sdk.id, 1000);
  place(room, plain.id, 1000);
  for (const x of [3000, 1300, 1700, 1990, 50, 1000]) {
    place(room, other.id, x);
    const isSeen = Math.abs(x - 1000) <= NEAR;
    await until(() => plain.players.get(plain.id)?.x === 1000 && sdk.client.state.players.get(sdk.id)?.x === 1000);
    if (isSeen || Math.abs(x - 1000) > FAR) await until(() => plain.players.has(other.id) === isSeen);
    await until(agree);
  }
  await other.client.leave();
  await until(() => !plain.players.has(other.id));
  await until(agree);
  const gone = plain.frames.flatMap(({ gone }) => (gone as string[] | undefined) ?? []);
  // `gone` lists the player at least twice: when it went out of sight, and when it left the room.
  expect(gone.filter((id) => id === other.id).length).toBeGreaterThanOrEqual(2);
  expect([...plain.players.keys()].sort()).toEqual([sdk.id, plain.id].sort());
});

/** Fetches a room's data from the monitor. */
async function inspect(room: WorldRoom) {
  const authorization = `Basic ${Buffer.from(`${MONITOR.user}:${MONITOR.password}`).toString("base64")}`;
  const response = await fetch(`${server.url}/monitor/api/room?roomId=${room.roomId}`, {
    headers: { authorization, "sec-fetch-site": "none" },
  });
  return (await response.json()) as { clients: unknown[]; state: { players: object }; stateSize: number };
}

test("the monitor shows all players of a room, however far apart they are", async () => {
  const clients = await Promise.all([join(), join(), join(), join(), join()]);
  const room = await server.roomOf(clients[0].id);
  for (const [i, { id }] of clients.entries()) place(room, id, 100 + i * 900);
  await until(() => clients.every(({ client, id }, i) => client.state.players.get(id)?.x === 100 + i * 900));
  const shown = await inspect(room);
  expect(shown.clients).toHaveLength(5);
  expect(shown.state.players).toEqual(JSON.parse(JSON.stringify(room.state.players)));
  expect(Object.keys(shown.state.players).sort()).toEqual(clients.map(({ id }) => id).sort());
});

test("the monitor shows the size of a room's state", async () => {
  const { id } = await join();
  const room = await server.roomOf(id);
  expect((await inspect(room)).stateSize).toBeGreaterThan(id.length);
});

test("a room sends no frames while nothing changes, but acknowledges an input with a frame that has only a header", async () => {
  const idle = await join();
  const walker = await join();
  const room = await server.roomOf(walker.id);
  place(room, idle.id, 1000);
  // The walker is at the left edge of the map, so a step to the left turns it without moving it.
  place(room, walker.id, 12);
  walker.client.send("move", "left");
  await until(() => walker.client.state.players.get(walker.id)?.facing === 1 && sees(idle.client, idle.id));
  const ticks = countTicks(room);
  await until(() => ticks() >= 2);
  const [toIdle, toWalker] = [framesOf(idle.client), framesOf(walker.client)];
  const quietUntil = ticks() + 10;
  await until(() => ticks() >= quietUntil);
  expect([toIdle, toWalker]).toEqual([[], []]);

  const input = walker.client.input<{ direction: number }>();
  input.data.direction = 1;
  input.send();
  await until(() => input.lastProcessed === 1);
  const loudUntil = ticks() + 5;
  await until(() => ticks() >= loudUntil);
  expect(toIdle).toEqual([]);
  expect(toWalker.map((frame) => [frame[0], frame.length])).toEqual([[Protocol.ROOM_STATE_PATCH | 0x80, 9]]);
});

test("each frame acknowledges exactly the inputs whose steps are in the state of this frame", async () => {
  const { client, id } = await join();
  const room = await server.roomOf(id);
  place(room, id, 800);
  await until(() => client.state.players.get(id)?.x === 800);
  const input = client.input<{ direction: number }>();
  const seen: Array<{ acknowledged: number; steps: number }> = [];
  client.onStateChange((state) => {
    seen.push({ acknowledged: input.lastProcessed, steps: (state.players.get(id)!.x - 800) / 8 });
  });
  input.data.direction = 2;
  for (let i = 0; i < 8; i++) input.send();
  await until(() => input.lastProcessed === 8);
  expect(room.inputs.get(id).consumedCount).toBe(8);
  expect(seen.length).toBeGreaterThanOrEqual(8);
  for (const { acknowledged, steps } of seen) expect(steps).toBe(acknowledged);
});

// A developer's own player class: its fields are sent without any change to interest management.
const Painter = schema({ x: t.uint16(), y: t.uint16(), color: t.string(), speed: t.float64() }, "Painter");
const Canvas = schema({ title: t.string(), players: t.map(Painter).view() }, "Canvas");
type Canvas = SchemaType<typeof Canvas>;

class CanvasRoom extends Room<{ state: Canvas }> {
  override state = new Canvas();
  override patchRate = 10;

  override onCreate() {
    this.state.title = "a canvas";
    this.setSerializer(new InterestSerializer(this.state, new Grid(2000, 2000), { get: () => ({ consumedCount: 0 }) }));
    this.onMessage("paint", (client: Client, color: string) => {
      this.state.players.get(client.sessionId)!.color = color;
    });
  }

  override onJoin({ sessionId }: Client, { x }: { x: number }) {
    this.state.players.set(sessionId, new Painter().assign({ x, y: 100, color: "white", speed: 0.1 }));
  }

  override onLeave({ sessionId }: Client) {
    this.state.players.delete(sessionId);
  }
}

test("clients receive fields that a developer adds to the player class, even in a room without inputs", async () => {
  matchMaker.defineRoomType("canvas", CanvasRoom);
  const joined = [];
  for (const x of [100, 200, 1900]) joined.push(await server.client().joinOrCreate<Canvas>("canvas", { x }));
  const [one, two, far] = joined as [SdkRoom<unknown, Canvas>, SdkRoom<unknown, Canvas>, SdkRoom<unknown, Canvas>];
  await until(() => one.state.players?.size === 2 && far.state.players?.size === 1);
  expect(one.state.players.get(two.sessionId)!.toJSON()).toEqual({ x: 200, y: 100, color: "white", speed: 0.1 });
  const colors: string[] = [];
  Callbacks.get<Canvas>(one).listen(one.state.players.get(two.sessionId)!, "color", (color) => colors.push(color));
  two.send("paint", "red");
  await until(() => one.state.players.get(two.sessionId)?.color === "red");
  expect(colors).toEqual(["white", "red"]);
  expect(far.state.toJSON()).toEqual({
    title: "a canvas",
    players: { [far.sessionId]: { x: 1900, y: 100, color: "white", speed: 0.1 } },
  });
});
