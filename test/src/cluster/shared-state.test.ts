// Tests that all fields of a room's state are mirrored, even fields that a developer adds. This test adds the coins of
// docs/extending.md, and collections of several kinds.
import { ArraySchema, MapSchema, type Schema, SetSchema, schema, t } from "@colyseus/schema";
import { expect, jest, test } from "@jest/globals";
import { until } from "../../support/until.ts";

const worldState = await import("../../../schema/world-state.ts");
const { Player } = await import("../../../schema/player.ts");
const Coin = schema({ x: t.uint16(), y: t.uint16() }, "Coin");
const Weather = schema({ rain: t.uint8(), winds: t.array("string") }, "Weather");
const WorldState = schema(
  {
    map: t.string(),
    width: t.uint16(),
    height: t.uint16(),
    players: t.map(Player).view(),
    coins: t.map(Coin),
    open: t.set("string"),
    queue: t.array(Coin),
    weather: t.ref(Weather),
    title: t.string().optional(),
  },
  "WorldState",
);
jest.unstable_mockModule("../../../schema/world-state.ts", () => ({ ...worldState, WorldState }));
const { startCluster } = await import("../../support/cluster.ts");

type State = InstanceType<typeof WorldState>;

const cluster = startCluster(2);

async function join(route: number) {
  cluster.route = route;
  const room = await cluster.client().joinOrCreate<State>("world");
  room.reconnection.minUptime = 0;
  await until(() => room.state.players?.has(room.sessionId));
  return room;
}

/** Returns a state without its players, whose order may differ. */
const sharedOf = (state: Schema) => ({ ...state.toJSON(), players: undefined });

test("collections, the objects inside them, and optional fields are mirrored, and clients keep their objects over a failover", async () => {
  const one = await join(0);
  const state = () => cluster.roomOf(one.sessionId)!.state as unknown as State;
  const settle = async (...rooms: { state: State }[]) => {
    await until(() =>
      rooms.every((room) => JSON.stringify(sharedOf(room.state)) === JSON.stringify(sharedOf(state()))),
    );
  };
  for (const key of ["a", "b", "c"]) state().coins.set(key, new Coin().assign({ x: key.charCodeAt(0), y: 1 }));
  for (const key of ["gate", "door"]) state().open.add(key);
  state().queue.push(new Coin().assign({ x: 1, y: 1 }), new Coin().assign({ x: 2, y: 2 }));
  state().weather.rain = 7;
  state().weather.winds.push("north", "west");
  state().title = "Coins";
  const other = await join(1);
  await settle(one, other);
  expect([...other.state.coins.keys()]).toEqual(["a", "b", "c"]);
  const [b, first] = [one.state.coins.get("b"), one.state.queue[0]];

  const change = async () => {
    state().coins.delete("a");
    state().coins.get("b")!.x++;
    state().coins.set(`d${state().coins.get("b")!.x}`, new Coin().assign({ x: 9, y: 9 }));
    state().open.delete("gate");
    state().queue.push(new Coin().assign({ x: 3, y: 3 }));
    state().weather.winds.push("south");
    state().title = undefined;
    await settle(one, other);
  };
  await change();
  const preparations = [undefined, { changes: false }, undefined, { changes: true }];
  for (const [round, preparation] of preparations.entries()) {
    const early = cluster.snapshotOf(cluster.replicas[1]!);
    if (preparation?.changes) await change();
    cluster.endHost();
    if (preparation) await cluster.prepareHost(early);
    await cluster.createHost(cluster.replicas[1]);
    await settle(one, other);
    // A new object with a collection inside. Neither of them may get the reference id of another object.
    state().weather = new Weather().assign({ rain: round, winds: ["east"] });
    await settle(one, other);
    await change();
    expect([one.state.coins.get("b"), one.state.queue[0]]).toEqual([b, first]);
    expect(one.state.coins.get("b") === b && one.state.queue[0] === first).toBe(true);
  }
  const late = await join(0);
  await settle(one, other, late);
  expect(late.state.coins).toBeInstanceOf(MapSchema);
  expect(late.state.queue).toBeInstanceOf(ArraySchema);
  expect(late.state.open).toBeInstanceOf(SetSchema);
  await Promise.all([one, other, late].map((room) => room.leave()));
});
