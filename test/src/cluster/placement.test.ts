// Tests the choice of the process that a new client connects to.
import { expect, test } from "@jest/globals";
import { Placement } from "../../../src/cluster/placement.ts";

/** Returns a placement for two processes, its clock in ms, and a function that returns the address of the next seat. */
function createPlacement() {
  const clock = { now: 0 };
  const placement = new Placement(
    () => clock.now,
    () => 2,
  );
  const next = () => {
    const seat: Parameters<Placement["place"]>[0] = { sessionId: "s", roomId: "r" };
    placement.place(seat);
    return seat.publicAddress;
  };
  const report = (process: string, room: number) =>
    placement.update(process, { type: "status", publicAddress: process, room });
  return { clock, report, next, placement };
}

test("a seat gets the address of the process with the most room, and counts as a client of that process", () => {
  const { report, next } = createPlacement();
  report("small", 1);
  report("large", 3);
  expect([next(), next(), next(), next(), next()]).toEqual(["large", "large", "small", "large", undefined]);
});

test("a seat gets no address if no process has reported one", () => {
  expect(createPlacement().next()).toBeUndefined();
});

test("a full process gets no seats until it reports that it can take further clients again", () => {
  const { report, next } = createPlacement();
  report("one", 0);
  expect(next()).toBeUndefined();
  report("one", 1);
  expect(next()).toBe("one");
});

test("a seat counts as a client of its process until the process reports a status at least a second later", () => {
  const { clock, report, next } = createPlacement();
  report("one", 2);
  expect([next(), next(), next()]).toEqual(["one", "one", undefined]);
  clock.now = 900;
  report("one", 2);
  expect(next()).toBeUndefined();
  clock.now = 1900;
  report("one", 1);
  expect([next(), next()]).toEqual(["one", undefined]);
});

test("a placement is full only if all processes have recently reported a status and cannot take more clients", () => {
  const { clock, report, next, placement } = createPlacement();
  expect(placement.isFull).toBe(false);
  report("two", 0);
  expect(placement.isFull).toBe(false);
  report("one", 1);
  expect(placement.isFull).toBe(false);
  next();
  expect(placement.isFull).toBe(true);
  clock.now = 4000;
  expect(placement.isFull).toBe(false);
});

test("a process that has stopped reporting gets no seats", () => {
  const { clock, report, next } = createPlacement();
  report("gone", 10);
  report("alive", 1);
  clock.now = 3000;
  report("alive", 1);
  clock.now = 3600;
  expect([next(), next()]).toEqual(["alive", undefined]);
});
