import { beforeEach, describe, expect, test } from "@jest/globals";
import { Inbox } from "../../../../src/cluster/core/inbox.ts";
import { LIMITS } from "../../../../src/cluster/core/limits.ts";
import type { UpMessage } from "../../../../src/cluster/core/ports.ts";
import { SessionTable } from "../../../../src/cluster/core/session-table.ts";
import { UpLink } from "../../../../src/cluster/core/up-link.ts";

const AT = { epoch: 1, number: 1 };

let now: number;
let table: SessionTable;
let upLink: UpLink;

function setUp(limits = LIMITS): void {
  now = 0;
  table = new SessionTable("p");
  upLink = new UpLink({ process: "p", table, limits, clock: () => now });
}

beforeEach(() => setUp());

/** Updates the mirrored table: session `s` has this connection, and the rooms have processed `received` frames. */
function show(connection: string, received = 0): void {
  const entry = { session: "s", process: "p", connection, handle: 1, received };
  table.update([entry], []);
  upLink.shown(entry);
}

const deliver = (...values: number[]) => {
  for (const value of values) upLink.deliver("s", "c", Uint8Array.of(value));
};

/** Returns the batches that are sent now. */
function flush(): UpMessage[] {
  const sent: UpMessage[] = [];
  upLink.flush(AT, (message) => sent.push(message));
  return sent;
}

const framesOf = (messages: UpMessage[]) => messages.flatMap(({ frames }) => frames.map(({ frame }) => frame[0]));

describe("frames from a client:", () => {
  test("frames from a client wait until their connection is in the table of sessions", () => {
    deliver(1, 2);
    expect(flush()).toEqual([]);
    show("c");
    expect(framesOf(flush())).toEqual([1, 2]);
  });

  test("frames from a client are numbered from 1 and sent once", () => {
    show("c");
    deliver(1, 2);
    expect(flush()[0]?.frames.map(({ number }) => number)).toEqual([1, 2]);
    deliver(3);
    expect(framesOf(flush())).toEqual([3]);
  });

  test("frames from a client are sent again to a new authority if the rooms have not processed them", () => {
    show("c");
    deliver(1, 2, 3);
    flush();
    show("c", 2);
    expect(upLink.keptFrames).toBe(1);
    deliver(4);
    upLink.restart();
    const sent = flush();
    expect(framesOf(sent)).toEqual([3, 4]);
    expect(sent.map(({ batch }) => batch)).toEqual([1]);
  });

  test("frames that the rooms have processed are not kept, and later frames are still sent", () => {
    show("c");
    deliver(1, 2);
    flush();
    deliver(3);
    upLink.progress({ handle: 2, received: 3 });
    expect(upLink.keptFrames).toBe(3);
    upLink.progress({ handle: 1, received: 2 });
    expect(upLink.keptFrames).toBe(1);
    expect(flush()[0]?.frames).toEqual([{ handle: 1, number: 3, frame: Uint8Array.of(3) }]);
  });

  test("if a connection ends before its frames are sent, the frames and the end are sent in one batch", () => {
    show("c");
    deliver(1);
    upLink.disconnected("s", "c", 1006);
    const [message] = flush();
    expect(message?.frames).toHaveLength(1);
    expect(message?.closes).toEqual([{ session: "s", connection: "c", code: 1006 }]);
  });

  test("if too many frames of a connection wait, all of them are dropped, and takeFull returns the connection", () => {
    setUp({ ...LIMITS, framesPerConnection: 3 });
    show("c");
    deliver(1, 2, 3);
    expect(upLink.takeFull()).toEqual([]);
    deliver(4, 5);
    expect(upLink.takeFull()).toMatchObject([{ session: "s", connection: "c" }]);
    expect([upLink.keptFrames, upLink.droppedFrames]).toEqual([0, 4]);
    expect(flush()).toEqual([]);
  });
});

describe("the end of a connection:", () => {
  test("the end of a connection is sent again if an older state puts the connection back into the table", () => {
    show("c");
    upLink.disconnected("s", "c", 1006);
    expect(flush()[0]?.closes).toHaveLength(1);
    table.update([{ session: "s", process: undefined, connection: "c", handle: 1, received: 0 }], []);
    upLink.hidden("c");
    expect(flush()).toEqual([]);
    show("c");
    expect(flush()[0]?.closes).toHaveLength(1);
  });

  test("the end of a connection is sent even if the connection enters the table of sessions only after it has ended", () => {
    upLink.disconnected("s", "c", 1006);
    expect(flush()).toEqual([]);
    show("c");
    expect(flush()[0]?.closes).toHaveLength(1);
  });
});

describe("batches of frames and requests:", () => {
  test("batches that the authority has not confirmed are sent again in order until they are confirmed", () => {
    show("c");
    deliver(1);
    flush();
    deliver(2);
    flush();
    now = LIMITS.resendMs - 1;
    expect(flush()).toEqual([]);
    now = LIMITS.resendMs;
    expect(flush().map(({ batch }) => batch)).toEqual([1, 2]);
    upLink.heard(1);
    now *= 2;
    expect(flush().map(({ batch }) => batch)).toEqual([2]);
    upLink.heard(2);
    now *= 2;
    expect(flush()).toEqual([]);
  });

  test("a batch waits while too many earlier batches are not confirmed", () => {
    setUp({ ...LIMITS, unheardBatches: 2 });
    show("c");
    for (const value of [1, 2, 3, 4]) {
      deliver(value);
      flush();
    }
    expect(upLink.unheardBatches).toBe(2);
    upLink.heard(1);
    expect(framesOf(flush())).toEqual([3, 4]);
  });

  test("the authority processes each batch once, and all batches in order", () => {
    const inbox = new Inbox("p", 0, LIMITS);
    const batch = (number: number): UpMessage => {
      const nothing = { frames: [], closes: [], requests: [], isLeaving: false };
      return { type: "up", process: "p", batch: number, at: AT, ...nothing };
    };
    const taken = [2, 1, 1, 2, 3].flatMap((number) => inbox.take(batch(number)).map((message) => message.batch));
    expect(taken).toEqual([1, 2, 3]);
    expect(inbox.heard).toBe(3);
  });

  test("batches that arrive too early are kept until the batches before them arrive, up to a limit", () => {
    const inbox = new Inbox("p", 0, { ...LIMITS, laterBatches: 1 });
    const nothing = { frames: [], closes: [], requests: [], isLeaving: false };
    for (const batch of [2, 3, 1]) inbox.take({ type: "up", process: "p", batch, at: AT, ...nothing });
    expect(inbox.heard).toBe(2);
  });
});

describe("requests to the authority:", () => {
  test("a request without an answer fails once, after its timeout", () => {
    const answers: unknown[] = [];
    upLink.request({ type: "join" }, 100, (answer) => answers.push(answer));
    now = 99;
    upLink.expire();
    expect(answers).toEqual([]);
    now = 100;
    upLink.expire();
    upLink.expire();
    upLink.answered({ process: "p", request: "1", content: { type: "ok" } });
    expect(answers).toEqual([undefined]);
  });

  test("a request without an answer is sent again to a new authority", () => {
    upLink.request({ type: "join" }, 100, () => {});
    upLink.request({ type: "other" }, 100, () => {});
    flush();
    upLink.answered({ process: "p", request: "1", content: { type: "ok" } });
    upLink.restart();
    expect(flush()[0]?.requests).toEqual([{ request: "2", content: { type: "other" } }]);
  });

  test("a request fails at once if too many requests are waiting", () => {
    setUp({ ...LIMITS, requests: 1 });
    const answers: unknown[] = [];
    upLink.request({ type: "join" }, 100, (answer) => answers.push(answer));
    upLink.request({ type: "join" }, 100, (answer) => answers.push(answer));
    expect(answers).toEqual([undefined]);
  });
});
