import { beforeEach, describe, expect, test } from "@jest/globals";
import { LIMITS } from "../../../../src/cluster/core/limits.ts";
import { NOTHING } from "../../../../src/cluster/core/outbox.ts";
import type { DownMessage } from "../../../../src/cluster/core/ports.ts";
import { Publisher } from "../../../../src/cluster/core/publisher.ts";

const CONTENTS = { ...NOTHING, process: "a", heard: [], alive: [] };

let isLeased: boolean;
let sent: { message: DownMessage; taken: () => void }[];
let applied: number[];
let publisher: Publisher;

beforeEach(() => {
  isLeased = true;
  sent = [];
  applied = [];
  publisher = new Publisher({
    epoch: 2,
    from: { epoch: 1, number: 9 },
    bus: { send: () => {}, publish: (message, taken) => sent.push({ message, taken }) },
    limits: { ...LIMITS, unconfirmedMessages: 3 },
    isLeased: () => isLeased,
    onTaken: ({ place }) => applied.push(place.number),
  });
});

const publish = (count: number) => {
  for (let each = 0; each < count; each++) publisher.publish(CONTENTS);
};

describe("an authority's messages:", () => {
  test("messages are numbered from 1, and the first message names the place after which the epoch begins", () => {
    publish(2);
    expect(sent.map(({ message: { from, place } }) => [from, place])).toEqual([
      [
        { epoch: 1, number: 9 },
        { epoch: 2, number: 1 },
      ],
      [
        { epoch: 2, number: 1 },
        { epoch: 2, number: 2 },
      ],
    ]);
  });

  test("messages are applied in the authority's own process only after the bus has confirmed them", () => {
    publish(2);
    expect(applied).toEqual([]);
    sent[0]!.taken();
    expect(applied).toEqual([1]);
  });

  test("messages that the bus has lost are sent again, and are applied only after the bus has confirmed them", () => {
    publish(3);
    sent[1]!.taken();
    expect(applied).toEqual([]);
    expect(sent.slice(3).map(({ message }) => message.place.number)).toEqual([1]);
    sent[2]!.taken();
    expect(sent).toHaveLength(4);
    sent[3]!.taken();
    expect(applied).toEqual([1, 2, 3]);
  });

  test("messages wait while the lease is not valid, and are sent as soon as the lease is valid again", () => {
    isLeased = false;
    publish(2);
    expect(sent).toEqual([]);
    isLeased = true;
    publisher.advance();
    expect(sent.map(({ message }) => message.place.number)).toEqual([1, 2]);
  });

  test("messages are not applied while the lease may belong to another process", () => {
    publish(1);
    isLeased = false;
    sent[0]!.taken();
    expect(applied).toEqual([]);
    isLeased = true;
    publisher.advance();
    expect(applied).toEqual([1]);
  });

  test("`publisher.isFull` is true if the number of unconfirmed messages exceeds the limit", () => {
    publish(3);
    expect(publisher.isFull).toBe(false);
    publish(1);
    expect(publisher.isFull).toBe(true);
  });
});
