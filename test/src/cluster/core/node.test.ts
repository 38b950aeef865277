// Tests at which times a process sends the frames of its clients. The simulation tests everything else.
import { beforeEach, describe, expect, test } from "@jest/globals";
import { LIMITS } from "../../../../src/cluster/core/limits.ts";
import { ClusterNode } from "../../../../src/cluster/core/node.ts";
import { NOTHING } from "../../../../src/cluster/core/outbox.ts";
import type { ReplicaLink } from "../../../../src/cluster/core/ports.ts";

const { collectMs, maxCollectMs } = LIMITS;

let now: number;
let node: ClusterNode;
let link: ReplicaLink;
/** The times at which the process has sent a frame. */
let sentAt: number[];
let ticks: number;

beforeEach(() => {
  now = 0;
  sentAt = [];
  ticks = 0;
  node = new ClusterNode({
    process: "b",
    clock: () => now,
    bus: {
      send: (message) => {
        if (message.type === "up") for (const _ of message.frames) sentAt.push(now);
      },
      publish: () => {},
    },
    lease: { take: () => {}, give: () => {}, release: () => {} },
    createHost: () => {
      throw new Error("the process is not the authority");
    },
    prepareHost: () => () => {},
    createReplica: (given) => {
      link = given;
      const nothing = () => {};
      return {
        ...{ load: nothing, apply: nothing, receive: nothing, close: nothing, closeAll: nothing },
        snapshot: () => new Uint8Array(),
      };
    },
  });
  tick();
  advanceTo(100);
});

/** Passes the changes of a tick to the process. The first call also adds the session of the process's client. */
function tick(): void {
  const sessions = [{ session: "s", process: "b", connection: "c", handle: 1, received: 0 }];
  node.receive({
    ...NOTHING,
    type: "down",
    process: "a",
    from: ticks === 0 ? { epoch: 0, number: 0 } : { epoch: 1, number: ticks },
    place: { epoch: 1, number: ++ticks },
    changes: new Uint8Array(),
    sessions: ticks === 1 ? sessions : [],
    heard: [],
    alive: ["a", "b"],
  });
}

/** Calls `advance` once per millisecond until this time. */
function advanceTo(time: number): void {
  while (now < time) {
    now++;
    node.advance();
  }
}

const deliver = () => link.deliver("s", "c", Uint8Array.of(1));

describe("a frame from a client:", () => {
  test("a frame that arrives right after a tick is sent as soon as the time for collecting frames is over", () => {
    tick();
    deliver();
    advanceTo(200);
    expect(sentAt).toEqual([100 + collectMs]);
  });

  test("a frame that arrives after the time for collecting frames is sent at once", () => {
    tick();
    advanceTo(100 + collectMs);
    deliver();
    advanceTo(200);
    expect(sentAt).toEqual([101 + collectMs]);
  });

  test("a frame waits for at most `maxCollectMs`, even if ticks come in quick succession", () => {
    deliver();
    for (let time = 100; time < 200; time++) {
      tick();
      advanceTo(time + 1);
    }
    expect(sentAt).toHaveLength(1);
    expect(sentAt[0]).toBeLessThanOrEqual(100 + maxCollectMs);
  });
});
