import { beforeEach, describe, expect, test } from "@jest/globals";
import { LIMITS } from "../../../../src/cluster/core/limits.ts";
import { Mirror } from "../../../../src/cluster/core/mirror.ts";
import { NOTHING } from "../../../../src/cluster/core/outbox.ts";
import type { DownMessage, Place, Replica, SessionEntry } from "../../../../src/cluster/core/ports.ts";
import { SessionTable } from "../../../../src/cluster/core/session-table.ts";
import { UpLink } from "../../../../src/cluster/core/up-link.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

/** A process that records every call to its replica. */
class Process {
  readonly told: string[] = [];
  readonly upLink: UpLink;
  readonly mirror: Mirror;

  constructor(process: string, limits = LIMITS) {
    const table = new SessionTable(process);
    this.upLink = new UpLink({ process, table, limits, clock: () => 0 });
    const replica: Replica = {
      load: (rooms) => this.told.push(`load ${rooms}`),
      apply: (changes) => this.told.push(`apply ${changes}`),
      snapshot: () => bytes(7),
      receive: (session, connection, frame) => this.told.push(`frame ${session} ${connection} ${frame}`),
      close: (session, connection, code) => this.told.push(`close ${session} ${connection} ${code}`),
      closeAll: (code) => this.told.push(`close all ${code}`),
    };
    this.mirror = new Mirror({ process, replica, table, upLink: this.upLink, limits });
  }

  /** Returns the calls that were recorded since the last `take`. */
  take(): string[] {
    return this.told.splice(0);
  }
}

/** Returns a message of epoch 1 with this number. Its changes are one byte with the same number. */
function down(number: number, contents: Partial<DownMessage> = {}): DownMessage {
  const from = number === 1 ? { epoch: 0, number: 0 } : { epoch: 1, number: number - 1 };
  return {
    type: "down",
    place: { epoch: 1, number },
    from,
    process: "a",
    changes: bytes(number),
    ...NOTHING,
    heard: [],
    alive: ["a", "b"],
    ...contents,
  };
}

const entry = (session: string, process: string | undefined, connection: string): SessionEntry => ({
  session,
  process,
  connection,
  handle: 1,
  received: 0,
});

let authority: Process;
let replica: Process;

beforeEach(() => {
  authority = new Process("a");
  replica = new Process("b");
});

/** Makes the authority apply a message. Returns the message. */
function publish(message: DownMessage): DownMessage {
  authority.mirror.receive(message);
  authority.take();
  return message;
}

describe("messages from the authority:", () => {
  test("messages from the authority are applied once, even if they arrive twice", () => {
    for (const message of [down(1), down(1), down(2), down(1), down(2)]) replica.mirror.receive(message);
    expect(replica.take()).toEqual(["apply 1", "apply 2"]);
  });

  test("messages from the authority are applied in order, even if they arrive in another order", () => {
    for (const message of [down(3), down(1)]) replica.mirror.receive(message);
    expect(replica.mirror.hasGap).toBe(true);
    replica.mirror.receive(down(2));
    expect(replica.take()).toEqual(["apply 1", "apply 2", "apply 3"]);
    expect(replica.mirror.hasGap).toBe(false);
  });

  test("messages of a new epoch are applied only after all earlier messages on which the epoch builds", () => {
    const first = { place: { epoch: 2, number: 1 }, changes: bytes(21) };
    replica.mirror.receive(down(1));
    replica.mirror.receive(down(1, { ...first, from: { epoch: 1, number: 2 } }));
    expect(replica.take()).toEqual(["apply 1"]);
    replica.mirror.receive(down(2));
    expect(replica.take()).toEqual(["apply 2", "apply 21"]);
  });

  test("messages that arrive too early are kept until the messages before them arrive, up to a limit", () => {
    replica = new Process("b", { ...LIMITS, laterMessages: 2 });
    for (const number of [2, 3, 4]) replica.mirror.receive(down(number));
    replica.mirror.receive(down(1));
    expect(replica.mirror.place).toEqual({ epoch: 1, number: 3 });
    expect(replica.mirror.newest).toEqual({ epoch: 1, number: 4 });
  });

  test("a message takes effect in this order: state changes, frames of a connection, end of the connection", () => {
    const frames = [{ session: "s", connection: "c", number: 0, frame: bytes(9) }];
    const closes = [{ session: "s", connection: "c", code: 4001 }];
    replica.mirror.receive(down(1, { frames, closes, sessions: [entry("s", "b", "c")] }));
    expect(replica.take()).toEqual(["apply 1", "frame s c 9", "close s c 4001"]);
  });

  test("a process gets the answer to its request once, even if the answer arrives twice", () => {
    const answers: unknown[] = [];
    replica.upLink.request({ type: "join" }, 1000, (answer) => answers.push(answer));
    replica.upLink.flush({ epoch: 1, number: 0 }, () => {});
    const answer = { process: "b", request: "1", content: { type: "ok" } };
    replica.mirror.receive(down(1, { answers: [{ ...answer, process: "x" }, answer, answer] }));
    expect(answers).toEqual([{ type: "ok" }]);
  });
});

describe("a connection:", () => {
  test("a connection is closed with 4010 if another connection has taken over its session", () => {
    replica.mirror.receive(down(1, { sessions: [entry("s", "b", "c")] }));
    replica.mirror.receive(down(2, { sessions: [entry("s", "x", "d")] }));
    expect(replica.take()).toEqual(["apply 1", "apply 2", "close s c 4010"]);
  });

  test("a connection is closed with 4010 if the authority considers the connection's process lost", () => {
    replica.mirror.receive(down(1, { sessions: [entry("s", "b", "c")] }));
    replica.mirror.receive(down(2, { sessions: [entry("s", undefined, "c")] }));
    expect(replica.take()).toEqual(["apply 1", "apply 2", "close s c 4010"]);
  });
});

describe("a snapshot:", () => {
  const frame = (value: number) => [{ session: "s", connection: "c", number: 0, frame: bytes(value) }];
  const at = (number: number): Place => ({ epoch: 1, number });

  test("a snapshot replaces the state, and the messages after the snapshot's place are applied", () => {
    for (const number of [1, 2, 3]) publish(down(number));
    replica.mirror.receive(down(1));
    replica.mirror.receive(down(4));
    replica.mirror.load(authority.mirror.snapshotFor("b", at(1)));
    expect(replica.take()).toEqual(["apply 1", "load 7", "apply 4"]);
    expect(replica.mirror.place).toEqual(at(4));
  });

  test("a snapshot delivers the frames that the receiver has missed, and delivers each of them only once", () => {
    for (const number of [1, 2, 3]) publish(down(number, { frames: frame(number) }));
    replica.mirror.receive(down(1, { frames: frame(1) }));
    const snapshot = authority.mirror.snapshotFor("b", at(1));
    // Meanwhile one of the missing messages arrives after all.
    replica.mirror.receive(down(2, { frames: frame(2) }));
    replica.take();
    replica.mirror.load(snapshot);
    replica.mirror.load(snapshot);
    expect(replica.take()).toEqual(["load 7", "frame s c 3"]);
  });

  test("a snapshot closes all connections of the receiver if the missed frames are unknown", () => {
    authority = new Process("a", { ...LIMITS, recentMessages: 2 });
    for (const number of [1, 2, 3, 4]) publish(down(number, number === 1 ? { sessions: [entry("s", "b", "c")] } : {}));
    replica.mirror.receive(down(1, { sessions: [entry("s", "b", "c")] }));
    replica.take();
    replica.mirror.load(authority.mirror.snapshotFor("b", at(1)));
    expect(replica.take()).toEqual(["load 7", "close all 4010"]);
  });

  test("a snapshot closes a connection that began and ended in the missed messages", () => {
    const answers: unknown[] = [];
    replica.upLink.request({ type: "connect" }, 1000, (answer) => answers.push(answer));
    replica.mirror.receive(down(1));
    publish(down(1));
    const answer = [{ process: "b", request: "1", content: { type: "ok" } }];
    publish(down(2, { sessions: [entry("s", "b", "c")], answers: answer }));
    publish(down(3, { sessions: [entry("s", undefined, "c")] }));
    replica.take();
    replica.mirror.load(authority.mirror.snapshotFor("b", at(1)));
    expect(answers).toEqual([{ type: "ok" }]);
    expect(replica.take()).toEqual(["load 7", "close s c 4010"]);
  });

  test("a snapshot that is older than the receiver's state is ignored", () => {
    publish(down(1));
    const snapshot = authority.mirror.snapshotFor("b", at(0));
    for (const number of [1, 2]) replica.mirror.receive(down(number));
    replica.take();
    replica.mirror.load(snapshot);
    expect(replica.take()).toEqual([]);
  });
});
