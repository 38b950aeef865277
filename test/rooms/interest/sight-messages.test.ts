// Tests the limits for messages that are sent to all clients in sight. crowd.test.ts tests which clients receive them.
import { expect, test } from "@jest/globals";
import { WireAudit } from "../../../bench/harness/wire-audit.ts";
import { Crowd } from "../../support/crowd.ts";

/** Ticks per second. */
const TICK_HZ = 20;

/** Creates players in one cell, each with a client that has received the full state. */
function crowdOf(players: number, maxBytesPerSecond = 0) {
  const crowd = new Crowd(640, 640, true, maxBytesPerSecond);
  for (let i = 0; i < players; i++) {
    const member = crowd.join(`p${i}`);
    crowd.put(member.id, { name: member.id, facing: 4, x: 200 + i, y: 200 });
    crowd.acknowledge(member);
  }
  crowd.tick();
  for (const member of crowd.members) crowd.arrive(member);
  return crowd;
}

/** Runs one tick. Returns the messages that the first member receives. */
function messagesOf(crowd: Crowd): Uint8Array[] {
  crowd.tick();
  const [frames] = crowd.members.map((member) => crowd.arrive(member));
  return frames!.filter((frame) => WireAudit.isSay(frame));
}

const sizeOf = (frames: Uint8Array[]) => frames.reduce((sum, { length }) => sum + length, 0);

test("messages may use half of a client's bytes per second, and up to one second of unused bytes is saved for a burst", () => {
  const budget = 8000;
  const crowd = crowdOf(30, budget);
  const seconds = 5;
  let bytes = 0;
  for (let tick = 0; tick < seconds * TICK_HZ; tick++) {
    for (const { id } of crowd.members) crowd.say(id, "a".repeat(80));
    bytes += sizeOf(messagesOf(crowd));
  }
  expect(bytes).toBeGreaterThan(0.9 * seconds * (budget / 2));
  // The last message of a tick has up to 100 bytes. It is sent even if fewer bytes are left.
  expect(bytes).toBeLessThan((seconds + 1) * (budget / 2) + 100);
});

test("all messages arrive if the bytes per client are not limited", () => {
  const crowd = crowdOf(30);
  for (const { id } of crowd.members) for (let i = 0; i < 10; i++) crowd.say(id, "a".repeat(200));
  expect(messagesOf(crowd)).toHaveLength(300);
});

test("a message arrives even if it exceeds the client's bytes per second, but the next message is dropped", () => {
  const crowd = crowdOf(2, 1500);
  crowd.say("p1", "a".repeat(1900));
  expect(sizeOf(messagesOf(crowd))).toBeGreaterThan(1900);
  crowd.say("p1", "a");
  expect(messagesOf(crowd)).toEqual([]);
});

test("a player's message is dropped if the player leaves before the next tick", () => {
  const crowd = crowdOf(3);
  crowd.say("p2", "goodbye");
  crowd.leave(crowd.members[2]!);
  expect(messagesOf(crowd)).toEqual([]);
});

test("a message of more than 65,535 bytes is refused with an error that names the type of the message", () => {
  const crowd = crowdOf(1);
  expect(() => crowd.say("p0", "a".repeat(65_600))).toThrow("the message `say` has ");
  expect(messagesOf(crowd)).toEqual([]);
});

test("at most 4096 messages wait for the next tick, and further messages are dropped", () => {
  const crowd = crowdOf(1);
  for (let i = 0; i < 5000; i++) crowd.say("p0", "a");
  expect(messagesOf(crowd)).toHaveLength(4096);
  crowd.say("p0", "a");
  expect(messagesOf(crowd)).toHaveLength(1);
});
