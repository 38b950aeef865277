// Tests the chat end to end: which clients get the texts and waves of a player, and which texts the room refuses.
import { describe, expect, test } from "@jest/globals";
import { ERRORS, type ErrorName, taggedMessage } from "../../schema/errors.ts";
import { SAY_BURST, SAY_LIMITS } from "../../schema/protocol.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { cut, socketOf } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { callAsOperator } from "../support/monitor.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

// 3840 x 96 units of open ground, so that players can be out of each other's sight.
const server = startServer({
  maps: new Map([
    [
      "plaza",
      drawnMap(
        "plaza",
        ["", "s", ""].map((row) => row.padEnd(120, ".")),
      ),
    ],
  ]),
});

/** Joins with the SDK. Records the texts, waves and errors that the client receives. */
async function join(token?: string) {
  const room = await joinWithSdk(server, {}, token);
  const heard: unknown[] = [];
  const errors: { code: number; message: string | undefined }[] = [];
  room.onMessage("say", (said) => heard.push(said));
  room.onMessage("wave", (waved) => heard.push({ ...waved, waves: true }));
  room.onError((code, message) => errors.push({ code, message }));
  return { room, id: room.sessionId, heard, errors };
}

/** The texts and waves that a plain client has received. */
const heardBy = (plain: PlainPlayer) => plain.frames.filter(({ type }) => type === "say" || type === "wave");

const codesOf = (errors: { code: number }[]) => errors.map(({ code }) => code);

const sayOutcome = (outcome: string) => server.metric(`sabang_says_total{outcome="${outcome}"}`);

test("the speaker and all clients in sight get a text and a wave, but clients that are out of sight or join later do not", async () => {
  const [speaker, near, far] = [await join(), await join(), await join()];
  const [plain, farPlain] = [await PlainPlayer.join(server.url), await PlainPlayer.join(server.url)];
  const world = await server.roomOf(speaker.id);
  for (const id of [far.id, farPlain.id]) world.state.players.get(id)!.x = 3800;
  await until(() => !near.room.state.players.has(far.id) && !plain.players.has(farPlain.id));
  const sentBefore = (await sayOutcome("sent"))!;

  speaker.room.send("say", "  <b>안녕</b> 👋🏽  ");
  speaker.room.send("wave");
  await until(() => [speaker, near].every(({ heard }) => heard.length === 2) && heardBy(plain).length === 2);
  const said = { id: speaker.id, text: "<b>안녕</b> 👋🏽" };
  for (const { heard } of [speaker, near]) expect(heard).toEqual([said, { id: speaker.id, waves: true }]);
  expect(heardBy(plain)).toEqual([
    { type: "say", ...said },
    { type: "wave", id: speaker.id },
  ]);
  expect(await sayOutcome("sent")).toBe(sentBefore + 2);

  const late = await join();
  farPlain.socket.send(JSON.stringify({ type: "say", text: "hello" }));
  await until(() => far.heard.length === 1);
  expect(far.heard).toEqual([{ id: farPlain.id, text: "hello" }]);
  expect(heardBy(farPlain)).toEqual([{ type: "say", id: farPlain.id, text: "hello" }]);
  speaker.room.send("say", "still there?");
  await until(() => late.heard.length === 1);
  expect(late.heard).toEqual([{ id: speaker.id, text: "still there?" }]);
});

test("a client gets no text that was said before its join, even if the text is still waiting for the next tick", async () => {
  const speaker = await join();
  const world = await server.roomOf(speaker.id);
  let lateHeard: unknown[] = [];
  const fullStates: string[] = [];
  // Says one text right before each full state and one right after it. No tick runs between the two texts.
  const { sendFullState } = world as unknown as { sendFullState(client: { sessionId: string }): void };
  Object.assign(world, {
    sendFullState(client: { sessionId: string }) {
      world.toSight(speaker.id, "say", { id: speaker.id, text: "before" });
      sendFullState.call(world, client);
      world.toSight(speaker.id, "say", { id: speaker.id, text: "after" });
      fullStates.push(client.sessionId);
    },
  });
  const late = await join();
  lateHeard = late.heard;
  await until(() => speaker.heard.length === 2);
  expect(fullStates).toEqual([late.id]);
  await until(() => lateHeard.length > 0);
  expect(lateHeard).toEqual([{ id: speaker.id, text: "after" }]);
});

test("a client on a plain WebSocket can send texts and waves as JSON, and gets an error for an invalid frame", async () => {
  const plain = await PlainPlayer.join(server.url);
  const send = (frame: object) => plain.socket.send(JSON.stringify(frame));
  const { x } = plain.players.get(plain.id)!;
  send({ type: "say", text: "우" });
  send({ type: "wave" });
  plain.socket.send("우");
  await until(() => heardBy(plain).length === 2 && plain.players.get(plain.id)!.x === x + 8);
  const bad = [{ type: "dance" }, { type: "say" }, { type: ["say"], text: "a" }, {}];
  for (const frame of bad) send(frame);
  plain.socket.send('{"type":"say","text":"a"');
  await until(() => plain.errors.length === bad.length + 1);
  const names = (plain.errors as unknown as { name: ErrorName }[]).map(({ name }) => name);
  expect(names).toEqual(["unknownMessage", "badSay", "badMove", "badMove", "badMove"]);
  expect(heardBy(plain)).toHaveLength(2);
  expect(plain.closed).toBeUndefined();
});

describe("texts in `say` messages:", () => {
  const stacked = `a${"\u0301".repeat(SAY_LIMITS.codePoints)}`;
  test.each([
    ["a missing text", undefined, "`text` must be text."],
    ["a number", 7, "`text` must be text."],
    ["an object", { text: "a" }, "`text` must be text."],
    ["spaces", "   ", /must be 1 to 200 characters/],
    ["201 characters", "👩‍👩‍👧".repeat(201), /it has 201, /],
    ["a character of 801 code points", stacked, /it has 1, 801 and /],
    ["a line break", "a\nb", /U\+000A is a control character/],
    ["a terminal escape", "a\u001b[31m", /U\+001B is a control character/],
    ["a character that reverses the text", "a\u202eb", /U\+202E changes the direction of text/],
    ["an invisible character", "a\u2063b", /U\+2063 is invisible/],
  ])("the room answers %s with the error `badSay`, and sends no text to the clients", async (_what, text, message) => {
    const { room, heard, errors } = await join();
    room.send("say", text);
    await expect(room.request("say", text)).rejects.toMatchObject({ reason: expect.stringMatching(/\[badSay\]$/) });
    room.send("say", "fine");
    await until(() => heard.length === 1);
    expect(errors).toEqual([
      { code: ERRORS.badSay.code, message: message instanceof RegExp ? expect.stringMatching(message) : message },
    ]);
  });

  test("the room accepts a text of 200 characters, even if each character consists of several code points", async () => {
    const { room, heard, id } = await join();
    const text = "é".normalize("NFD").repeat(SAY_LIMITS.characters);
    room.send("say", text);
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ id, text }]);
  });
});

test("a client that sends too many texts gets the error `tooManySays`, even after a reconnection, and stays connected", async () => {
  const { room, heard, errors } = await join();
  const witness = await join();
  for (let i = 0; i < SAY_BURST + 20; i++) room.send(i % 2 ? "wave" : "say", `${i}`);
  await until(() => heard.length + errors.length === SAY_BURST + 20);
  expect(heard.length).toBeGreaterThanOrEqual(SAY_BURST);
  expect(new Set(codesOf(errors))).toEqual(new Set([ERRORS.tooManySays.code]));
  const before = errors.length;
  let isBack = false;
  room.onReconnect(() => {
    isBack = true;
  });
  cut(room);
  await until(() => isBack);
  for (let i = 0; i < 2 * SAY_BURST; i++) room.send("wave");
  await until(() => errors.length > before);
  room.send("move", "right");
  await until(() => witness.room.state.players.get(room.sessionId)!.facing === 2);
  expect(witness.errors).toEqual([]);
});

describe("the operator", () => {
  test("can mute a guest, who stays muted after a reconnection until the operator ends the mute", async () => {
    const { room, id, heard, errors } = await join();
    expect(await callAsOperator(server, room.roomId, "mute", id, 600)).toBe(200);
    room.send("say", "hello");
    await until(() => errors.length === 1);
    let isBack = false;
    room.onReconnect(() => {
      isBack = true;
    });
    cut(room);
    await until(() => isBack);
    room.send("wave");
    await until(() => errors.length === 2);
    expect(errors).toEqual([ERRORS.muted, ERRORS.muted]);
    expect(await callAsOperator(server, room.roomId, "unmute", id)).toBe(200);
    room.send("wave");
    await until(() => heard.length === 1);
  });

  test("can mute a signed-in player for a time, and the player stays muted after leaving and joining again", async () => {
    const token = await server.tokens.sign(newPlayerId());
    const first = await join(token);
    await callAsOperator(server, first.room.roomId, "mute", first.id, 600);
    await first.room.leave();
    const again = await join(token);
    again.room.send("say", "hello");
    await until(() => again.errors.length === 1);
    expect(again.errors).toEqual([ERRORS.muted]);
    await callAsOperator(server, again.room.roomId, "mute", again.id, 0.001);
    again.room.send("say", "hello");
    await until(() => again.heard.length === 1);
  });

  test.each([
    ["without a time", (id: string) => [id]],
    ["for 0 seconds", (id: string) => [id, 0]],
    ["for a time that is text", (id: string) => [id, "ten"]],
    ["for more than a year", (id: string) => [id, 1e9]],
    ["who is not in the room", () => ["nobody", 60]],
  ])("cannot mute a player %s", async (_what, argsFor) => {
    const { room, id, heard } = await join();
    expect(await callAsOperator(server, room.roomId, "mute", ...argsFor(id))).toBe(500);
    room.send("wave");
    await until(() => heard.length === 1);
  });

  test("can kick a client with a reason, which the client gets in an error frame before its connection closes", async () => {
    const { room, id, errors } = await join();
    const plain = await PlainPlayer.join(server.url);
    let code: number | undefined;
    room.onLeave((closed) => {
      code = closed;
    });
    const socket = socketOf(room);
    expect(await callAsOperator(server, room.roomId, "kick", id, "<i>No</i> insults, please.")).toBe(200);
    await callAsOperator(server, room.roomId, "kick", plain.id, "욕은 안 됩니다.");
    await until(() => code !== undefined && socket.readyState === socket.CLOSED && plain.closed);
    expect({ errors, code }).toEqual({
      errors: [{ code: ERRORS.kicked.code, message: "<i>No</i> insults, please." }],
      code: ERRORS.kicked.code,
    });
    expect(plain.errors).toEqual([
      { type: "error", code: ERRORS.kicked.code, name: "kicked", message: "욕은 안 됩니다." },
    ]);
    expect(plain.closed).toEqual({ code: ERRORS.kicked.code, reason: ERRORS.kicked.message });
  });

  test("cannot kick a client if the reason is empty, is too long or changes the direction of text", async () => {
    const { room, id } = await join();
    for (const reason of ["", "a\u202eb", "a".repeat(201)])
      expect(await callAsOperator(server, room.roomId, "kick", id, reason)).toBe(500);
    expect(room.connection.isOpen).toBe(true);
  });
});

test("a `wave` request from a muted client is rejected with the error `muted`", async () => {
  const { room } = await join();
  await callAsOperator(server, room.roomId, "mute", room.sessionId, 60);
  await expect(room.request("wave")).rejects.toMatchObject({ reason: taggedMessage("muted") });
});
