// Tests what clients notice when a single fault occurs. The oracle of the simulation checks all other requirements.
import { beforeEach, describe, expect, test } from "@jest/globals";
import type { SimProcess } from "../simulation/sim-process.ts";
import { Simulation } from "../simulation/simulation.ts";

const SIZE = { processes: 3, clients: 6, ticks: 0, faults: 0 };

let simulation: Simulation;

beforeEach(() => {
  simulation = new Simulation(1, {}, SIZE);
  simulation.begin();
  simulation.walkFor(3000);
  simulation.oracle.figures.longestStillMs = 0;
});

const authority = (): SimProcess => simulation.running().find(({ node }) => node.role === "authority")!;
const replica = (): SimProcess => simulation.running().find(({ node }) => node.role === "replica")!;
const connections = () => simulation.clients.map(({ connection }) => connection);
const sessions = () => simulation.clients.map(({ session }) => session);
const applied = () => simulation.clients.reduce((sum, client) => sum + client.applied, 0);

/** Lets time pass, and expects that all clients can walk afterwards, in the sessions that they had. */
function expectAllToWalkAfter(ms: number): void {
  const before = sessions();
  simulation.walkFor(ms);
  const appliedBefore = simulation.clients.map((client) => client.applied);
  simulation.walkFor(1000);
  expect(sessions()).toEqual(before);
  for (const [index, client] of simulation.clients.entries())
    expect(client.applied).toBeGreaterThan(appliedBefore[index]!);
}

describe("an authority that is killed:", () => {
  test("an authority that is killed is replaced within two seconds, and its clients keep their sessions", () => {
    const killed = authority();
    simulation.kill(killed, 60_000);
    expectAllToWalkAfter(4000);
    expect(authority().id).not.toBe(killed.id);
    expect(simulation.oracle.figures.longestStillMs).toBeLessThanOrEqual(2000);
    expect(simulation.oracle.figures.rollbacks).toBe(0);
  });

  test("the clients of other processes stay connected when the authority is killed", () => {
    const killed = authority();
    const others = simulation.clients.filter(({ process }) => process !== killed);
    expect(others.length).toBeGreaterThan(0);
    const before = others.map(({ connection }) => connection);
    simulation.kill(killed, 60_000);
    simulation.walkFor(4000);
    expect(others.map(({ connection }) => connection)).toEqual(before);
  });
});

describe("an authority that is paused:", () => {
  test("a paused authority becomes a replica if it resumes after its lease has expired", () => {
    const stopped = authority();
    stopped.stop();
    simulation.walkFor(3000);
    expect(authority().id).not.toBe(stopped.id);
    stopped.goOn(true);
    simulation.walkFor(1000);
    expect(stopped.node.role).toBe("replica");
    expect(stopped.place.epoch).toBe(authority().place.epoch);
    expectAllToWalkAfter(2000);
  });

  test("a paused authority remains the authority if it resumes before its lease has expired", () => {
    const stopped = authority();
    const { epoch } = stopped.place;
    stopped.stop();
    simulation.walkFor(400);
    stopped.goOn(true);
    expectAllToWalkAfter(1000);
    expect(authority()).toBe(stopped);
    expect(stopped.place.epoch).toBe(epoch);
  });
});

describe("a replica that is killed:", () => {
  test("the clients of a killed replica connect to other processes and keep their sessions", () => {
    simulation.kill(replica(), 60_000);
    expectAllToWalkAfter(3000);
    expect(simulation.oracle.figures.reigns).toBe(1);
    expect(simulation.oracle.figures.longestStillMs).toBeLessThan(60);
  });
});

describe("an authority that hands over:", () => {
  test("an authority that hands over is replaced, and the world stands still for 150 ms at most", () => {
    const leaving = authority();
    simulation.terminate(leaving, 60_000);
    expectAllToWalkAfter(2000);
    expect(authority().id).not.toBe(leaving.id);
    expect(simulation.oracle.figures.handovers).toBe(1);
    expect(simulation.oracle.figures.longestStillMs).toBeLessThanOrEqual(150);
  });

  test("an authority that hands over stays connected until the rooms of its successor have ticked", () => {
    const leaving = authority();
    let reported: { authority: string | undefined; epoch: number; number: number } | undefined;
    leaving.run(() =>
      leaving.node.handOver((authority) => {
        reported = { authority, ...leaving.place };
      }),
    );
    simulation.walkFor(2000);
    const successor = authority();
    expect(successor).not.toBe(leaving);
    expect(reported).toMatchObject({ authority: successor.id, epoch: successor.place.epoch });
    // The first message of an epoch has no changes.
    expect(reported!.number).toBeGreaterThan(1);
  });

  test("an authority that hands over in a hurry pauses its rooms at once", () => {
    const leaving = authority();
    simulation.preparationMs = 60_000;
    leaving.run(() => leaving.node.handOver(() => {}, true));
    simulation.walkFor(200);
    expect(authority()).not.toBe(leaving);
    expect(simulation.oracle.figures.rollbacks).toBe(0);
  });

  test("an authority that hands over asks another candidate if the first one is about to end", () => {
    const leaving = authority();
    const [first, second] = simulation.running().filter((process) => process !== leaving);
    simulation.preparationMs = 60_000;
    leaving.run(() => leaving.node.handOver(() => {}));
    simulation.walkFor(200);
    expect([first, second].filter((process) => process!.isPreparing)).toHaveLength(1);
    const candidate = first!.isPreparing ? first! : second!;
    simulation.preparationMs = 100;
    candidate.run(() => candidate.node.handOver(() => {}));
    simulation.walkFor(1000);
    expect(authority()).toBe(candidate === first ? second : first);
    expect(simulation.oracle.figures.longestStillMs).toBeLessThanOrEqual(150);
  });

  test("a candidate that has not prepared everything in time takes over all the same", () => {
    const leaving = authority();
    const others = simulation.running().filter((process) => process !== leaving);
    simulation.preparationMs = 60_000;
    leaving.run(() => leaving.node.handOver(() => {}));
    simulation.walkFor(200);
    const candidate = others.find(({ isPreparing }) => isPreparing)!;
    simulation.walkFor(4000);
    expect(authority()).toBe(candidate);
    expect(simulation.oracle.figures.longestStillMs).toBeLessThanOrEqual(150);
  });

  test("an authority that hands over chooses another successor if the first one does not answer", () => {
    const leaving = authority();
    const [first, second] = simulation.running().filter((process) => process !== leaving);
    // The first process stops shortly before the handover, so the authority still considers it alive.
    first!.stop();
    simulation.walkFor(100);
    simulation.terminate(leaving, 60_000);
    simulation.walkFor(2500);
    expect(authority()).toBe(second);
    expect(simulation.oracle.figures.rollbacks).toBe(0);
  });

  test("an authority without replicas cannot hand over: it keeps its role, and frees the lease when it stops", () => {
    for (const process of simulation.running()) if (process.node.role === "replica") simulation.kill(process, 60_000);
    simulation.walkFor(3000);
    const alone = authority();
    const successors: (string | undefined)[] = [];
    alone.run(() => alone.node.handOver((successor) => successors.push(successor)));
    expect(successors).toEqual([undefined]);
    expect(alone.node.role).toBe("authority");
    alone.run(() => alone.node.stop());
    simulation.kill(alone, 60_000);
    const next = simulation.start();
    simulation.walkFor(5000);
    expect(next.node.role).toBe("authority");
  });
});

describe("an unavailable Redis:", () => {
  test("while Redis is unavailable, the world stands still, but clients stay connected for at least 14 seconds", () => {
    const before = connections();
    simulation.redis.isAway = true;
    simulation.walkFor(2000);
    const still = applied();
    simulation.walkFor(12_000);
    expect(applied()).toBe(still);
    expect(connections()).toEqual(before);
    simulation.redis.isAway = false;
    expectAllToWalkAfter(2000);
    expect(connections()).toEqual(before);
  });

  test("after 15 seconds without Redis, all connections are closed, and clients later resume their sessions", () => {
    simulation.redis.isAway = true;
    simulation.walkFor(16_000);
    expect(simulation.clients.some(({ isIn }) => isIn)).toBe(false);
    simulation.redis.isAway = false;
    expectAllToWalkAfter(5000);
  });

  test("a short outage of Redis disconnects no client, even if Redis loses its data", () => {
    const before = connections();
    simulation.redis.isAway = true;
    simulation.walkFor(3000);
    simulation.redis.empty();
    simulation.redis.isAway = false;
    expectAllToWalkAfter(2000);
    expect(connections()).toEqual(before);
  });
});

test("a resumed process closes its connections if the authority considers it lost, and its clients return", () => {
  const lost = replica();
  const its = simulation.clients.filter(({ process }) => process === lost);
  expect(its.length).toBeGreaterThan(0);
  const before = its.map(({ connection }) => connection);
  lost.stop();
  simulation.walkFor(2000);
  expect(authority().node.figures.alive).not.toContain(lost.id);
  lost.goOn(true);
  simulation.walkFor(100);
  for (const connection of its.map((client) => client.connection)) expect(before).not.toContain(connection);
  expectAllToWalkAfter(2000);
  expect(authority().node.figures.alive).toContain(lost.id);
});

test("a new process that gets the lease takes the state from the other processes before it starts the rooms", () => {
  for (const process of simulation.running()) process.connection.isCut = true;
  const fresh = simulation.start();
  simulation.redis.empty();
  simulation.walkFor(700);
  expect(fresh.node.role).toBe("claimant");
  for (const process of simulation.running()) process.connection.isCut = false;
  expectAllToWalkAfter(3000);
  expect(simulation.oracle.figures.rollbacks).toBe(0);
});
