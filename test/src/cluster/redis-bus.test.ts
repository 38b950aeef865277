// The bus of a cluster, over a real Redis.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { encodeMessage } from "../../../src/cluster/codec.ts";
import { NOTHING } from "../../../src/cluster/core/outbox.ts";
import type { DownMessage, Message, SnapshotMessage, UpMessage } from "../../../src/cluster/core/ports.ts";
import { RedisBus } from "../../../src/cluster/redis-bus.ts";
import { startRedis, type TestRedis } from "../../support/redis.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";

/** A bus, with the messages and states that it has reported. */
interface TestBus {
  process: string;
  bus: RedisBus;
  /** The received messages, except marks (see `settle`). */
  received: Message[];
  /** The numbers of this bus's own down messages that Redis has confirmed. */
  taken: number[];
  /** The number of the last mark that this bus has received. */
  mark: number;
  states: boolean[];
  roundTrips: number[];
}

describeWith("redis", "the bus over Redis:", () => {
  let redis: TestRedis;
  let buses: RedisBus[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.client.flushall());
  afterEach(() => {
    for (const bus of buses) bus.close();
    buses = [];
  });
  afterAll(() => redis?.remove());

  async function connect(process: string, prefix = "test"): Promise<TestBus> {
    const bus = new RedisBus({
      redis: redis.settings,
      prefix,
      process,
      onMessage(message) {
        if (message.type === "place") tested.mark = message.epoch;
        else tested.received.push(message);
      },
      onState: (isReady) => tested.states.push(isReady),
      onRoundTrip: (ms) => tested.roundTrips.push(ms),
    });
    const tested: TestBus = { process, bus, received: [], taken: [], mark: 0, states: [], roundTrips: [] };
    buses.push(bus);
    await until(() => bus.isReady, 30_000);
    return tested;
  }

  let marks = 0;
  /**
   * Sends marks (numbered `place` messages) from one bus to another until a mark arrives. All earlier messages have
   * then arrived, or are lost.
   */
  async function settle(from: TestBus, to: TestBus): Promise<void> {
    const first = ++marks;
    await until(() => {
      from.bus.send({ type: "place", process: from.process, epoch: marks++, at: { epoch: 0, number: 0 } });
      return to.mark >= first;
    }, 30_000);
  }

  const at = { epoch: 1, number: 1 };
  const publish = (from: TestBus, message: DownMessage) =>
    from.bus.publish(message, () => from.taken.push(message.place.number));
  const down = (number: number, fields: Partial<DownMessage> = {}): DownMessage => ({
    ...{ type: "down", place: { epoch: 1, number }, from: { epoch: 1, number: number - 1 }, process: "a" },
    ...{ ...NOTHING, heard: [], alive: ["a"], ...fields },
  });
  const up = (process: string, batch: number): UpMessage => ({
    ...{ type: "up", process, batch, at, frames: [], closes: [], requests: [], isLeaving: false },
  });
  const numbers = (messages: Message[]) =>
    messages.map((message) => (message.type === "down" ? message.place.number : Number.NaN));

  describe("the receivers of a message:", () => {
    test("a message arrives at all other processes, in order, and not at its sender", async () => {
      const [a, b, c] = [await connect("a"), await connect("b"), await connect("c")];
      const changes = (number: number) => new Uint8Array(100_000).fill(number);
      for (const number of [1, 2, 3]) publish(a, down(number, { changes: changes(number) }));
      for (const { received } of [b, c]) {
        await until(() => received.length === 3);
        expect(numbers(received)).toEqual([1, 2, 3]);
        for (const message of received as DownMessage[]) {
          expect(Buffer.compare(message.changes!, changes(message.place.number))).toBe(0);
        }
      }
      await settle(b, a);
      expect(a.received).toEqual([]);
    });

    test("a message to one process arrives only there", async () => {
      const [a, b, c] = [await connect("a"), await connect("b"), await connect("c")];
      const rooms = new Uint8Array(1_000_000).fill(7);
      a.bus.send({ type: "snapshot", to: "b", rooms, sessions: [], alive: ["a"], missed: [], place: at }, "b");
      await until(() => b.received.length === 1);
      expect(Buffer.compare((b.received[0] as SnapshotMessage).rooms, rooms)).toBe(0);
      b.bus.send(up("b", 1), "a");
      await until(() => a.received.length === 1);
      expect(a.received).toEqual([up("b", 1)]);
      await settle(a, c);
      await settle(b, c);
      expect(c.received).toEqual([]);
    });

    test("clusters with different prefixes receive nothing from each other", async () => {
      const [a, b, other] = [await connect("a"), await connect("b"), await connect("c", "other")];
      publish(a, down(1));
      await until(() => b.received.length === 1);
      const d = await connect("d", "other");
      await settle(d, other);
      expect(other.received).toEqual([]);
    });
  });

  test("a message that is published again after a newer one does not replace the stored place of the newer one", async () => {
    const [a, b] = [await connect("a"), await connect("b")];
    for (const number of [9, 10, 9]) publish(a, down(number));
    await until(() => b.received.length === 3);
    expect(await redis.client.get("test:newest")).toBe("1 10");
  });

  test("a down message stores its place and is confirmed, and an authority with an older epoch publishes nothing", async () => {
    const [a, b] = [await connect("a"), await connect("b")];
    publish(a, down(41));
    await until(() => b.received.length === 1);
    expect(await redis.client.get("test:newest")).toBe("1 41");
    await redis.client.set("test:epoch", 2);
    publish(a, down(42));
    await settle(a, b);
    expect(b.received).toEqual([down(41)]);
    expect(await redis.client.get("test:newest")).toBe("1 41");
    expect(a.taken).toEqual([41]);
  });

  test("the bus counts each received byte sequence that is not a message, and does not pass it on", async () => {
    const b = await connect("b");
    for (const bytes of ["", "hello", Buffer.from([1, 0, 200]), Buffer.from([99])]) {
      await redis.client.publish("test:all", bytes);
    }
    await until(() => b.bus.counters().refused === 4);
    expect(b.received).toEqual([]);
  });

  test("the bus counts its messages and bytes, and reports how long Redis takes for a message", async () => {
    const [a, b] = [await connect("a"), await connect("b")];
    publish(a, down(1));
    await until(() => b.received.length === 1 && a.roundTrips.length > 0);
    const size = encodeMessage(down(1)).length;
    expect(a.bus.counters()).toMatchObject({ sent: 1, bytesSent: size });
    expect(b.bus.counters()).toMatchObject({ received: 1, bytesReceived: size, refused: 0 });
    expect(a.roundTrips.every((ms) => ms > 0)).toBe(true);
  });

  describe("when Redis fails:", () => {
    /** Sends numbered messages until `work` ends. The event loop runs after each message. */
    async function sendWhile(a: TestBus, work: () => Promise<void>): Promise<number> {
      let isDone = false;
      let number = 0;
      void work().finally(() => {
        isDone = true;
      });
      while (!isDone) {
        publish(a, down(++number));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return number;
    }

    test.each(["normal", "pubsub"] as const)(
      "messages are lost if the %s connections are cut, but no message arrives twice or out of order",
      async (type) => {
        const [a, b] = [await connect("a"), await connect("b")];
        const sent = await sendWhile(a, async () => {
          for (let round = 0; round < 20; round++) {
            await redis.cutConnections(type);
            await until(() => !a.bus.isReady || !b.bus.isReady);
            await until(() => a.bus.isReady && b.bus.isReady, 30_000);
          }
        });
        await settle(a, b);
        const received = numbers(b.received);
        expect(received).toEqual([...new Set(received)].sort((one, other) => one - other));
        expect(received.length).toBeGreaterThan(0);
        expect(received.length).toBeLessThan(sent);
        expect(a.taken).toEqual([...new Set(a.taken)].sort((one, other) => one - other));
        if (type === "normal") expect(a.taken.length).toBeLessThan(sent);
      },
    );

    test("the bus recovers after Redis has lost its data in a restart, and never sends messages that were published during the outage", async () => {
      const [a, b] = [await connect("a"), await connect("b")];
      publish(a, down(1));
      await until(() => b.received.length === 1);
      await redis.kill();
      await until(() => !a.bus.isReady && !b.bus.isReady);
      for (let number = 2; number < 100; number++) publish(a, down(number));
      await redis.start();
      await until(() => a.bus.isReady && b.bus.isReady, 30_000);
      await settle(a, b);
      publish(a, down(100));
      await until(() => b.received.length === 2);
      expect(numbers(b.received)).toEqual([1, 100]);
      await until(() => a.taken.length === 2);
      expect(a.taken).toEqual([1, 100]);
      expect(a.states).toEqual([true, false, true]);
      expect(await redis.client.get("test:newest")).toBe("1 100");
    });

    test("the bus is unavailable while Redis is paused for a long time, and recovers when Redis resumes", async () => {
      const [a, b] = [await connect("a"), await connect("b")];
      redis.pause();
      publish(a, down(1));
      await until(() => !a.bus.isReady && !b.bus.isReady, 30_000);
      redis.resume();
      await until(() => a.bus.isReady && b.bus.isReady, 30_000);
      await settle(a, b);
      publish(a, down(2));
      await until(() => numbers(b.received).includes(2));
      expect(numbers(b.received)).toEqual([...new Set(numbers(b.received))]);
    });
  });

  test("a process whose event loop was blocked skips the messages of that time, and receives later ones", async () => {
    const b = await connect("b");
    for (let number = 1; number <= 200; number++) {
      redis.client.publish("test:all", encodeMessage(down(number, { changes: new Uint8Array(1000) })));
    }
    // The commands have already been sent to Redis. Redis answers them while the event loop is blocked.
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(sleeper, 0, 0, 1500);
    await until(() => b.states.length === 3, 30_000);
    expect(b.bus.counters().stalls).toBe(1);
    await redis.client.publish("test:all", encodeMessage(down(201)));
    await until(() => numbers(b.received).includes(201));
    expect(b.received.length).toBeLessThan(200);
  });
});
