// Sends ten thousand hostile texts to the chat. No client may receive a text that docs/protocol.md forbids, and no
// client may be disconnected.
import { expect, test } from "@jest/globals";
import type { Client, MessageContext } from "colyseus";
import fc from "fast-check";
import { HOSTILE_TEXTS } from "../../bench/stress/siege/hostile-texts.ts";
import { Chat } from "../../rooms/chat.ts";
import { Sessions } from "../../rooms/player-session.ts";
import { ERRORS } from "../../schema/errors.ts";
import { SAY_BURST } from "../../schema/protocol.ts";
import { runs } from "../support/long.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer();

const TEXTS = Object.values(HOSTILE_TEXTS);
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Returns which rule of docs/protocol.md a text violates. Does not check the rules that have exceptions for scripts and
 * emoji.
 */
function violation(text: unknown): string | undefined {
  if (typeof text !== "string") return "it is not text";
  if ([...graphemes.segment(text)].length > 200 || [...text].length > 800) return "it is too long";
  if (Buffer.byteLength(text) > 2048) return "it has too many bytes";
  if (/[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u.test(text))
    return "it has a control character";
  if (!text.isWellFormed()) return "it has half a character";
  if (text.trim() !== text || text === "") return "it is not trimmed";
  return undefined;
}

test("the room sends no text that docs/protocol.md forbids, even if players say random hostile texts", () => {
  const sent: unknown[] = [];
  let refused = 0;
  const sessions = new Sessions();
  const room = {
    toSight: (_id: string, _type: string, { text }: { text?: unknown }) => sent.push(text),
    sendError: () => refused++,
  };
  const chat = new Chat(room, { sessions });
  const part = fc.oneof(
    fc.constantFrom(...TEXTS),
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({
      unit: fc.constantFrom("\u200D", "\u200C", "\u202E", "\u0301", "❤", "ب", "\u094D", "a", " ", "\ud800", "\n"),
    }),
  );
  const text = fc.oneof(
    { weight: 9, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")) },
    { weight: 1, arbitrary: fc.anything() },
  );
  let count = 0;
  const sessionRoom = { state: { map: "plaza" }, locked: false, clients: { get: () => undefined }, despawn: () => {} };
  fc.assert(
    fc.property(text, (text) => {
      // Each text is from a new player, so that the rate limit refuses no text.
      const client = { sessionId: `p${count++}` } as Client;
      const session = sessions.begin(sessionRoom, client);
      chat.say(client, text, {} as MessageContext);
      session.end();
    }),
    { numRuns: runs(10_000) },
  );
  expect(sent.map(violation).filter((reason) => reason !== undefined)).toEqual([]);
  expect(sent.length + refused).toBe(runs(10_000));
  expect(Math.min(sent.length, refused)).toBeGreaterThan(runs(10_000) / 20);
});

test("a flood of 10,000 hostile texts reaches other players only at the allowed rate, and disconnects no client", async () => {
  const witness = await joinWithSdk(server);
  const heard: { id: string; text: unknown }[] = [];
  witness.onMessage("say", (said) => heard.push(said));
  const startedAt = performance.now();
  const speakers = await Promise.all(Array.from({ length: 8 }, () => joinWithSdk(server)));
  const plain = await Promise.all([PlainPlayer.join(server.url), PlainPlayer.join(server.url)]);
  let errors = 0;
  for (const speaker of speakers) {
    speaker.onMessage("*", () => {});
    speaker.onError((code) => {
      if (code === ERRORS.tooManySays.code || code === ERRORS.badSay.code) errors++;
    });
  }
  await until(() => witness.state.players.size > 5);
  for (let i = 0; i < 1000; i++) {
    const text = TEXTS[i % TEXTS.length]!;
    for (const speaker of speakers) speaker.send("say", text);
    for (const { socket } of plain) socket.send(JSON.stringify({ type: "say", text }));
    // Gives the server time to read the texts, as a network would.
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const answers = () => errors + plain.reduce((sum, { errors }) => sum + errors.length, 0);
  await until(() => answers() >= 10_000 - heard.length - 10 * (SAY_BURST + 60), 60_000);
  const seconds = (performance.now() - startedAt) / 1000;
  expect(heard.map(({ text }) => violation(text)).filter((reason) => reason !== undefined)).toEqual([]);
  for (const id of new Set(heard.map(({ id }) => id)))
    expect(heard.filter((said) => said.id === id).length).toBeLessThanOrEqual(SAY_BURST + seconds + 1);
  expect([...speakers, witness].every(({ connection }) => connection.isOpen)).toBe(true);
  expect(plain.map(({ closed }) => closed)).toEqual([undefined, undefined]);
  // A client that has only listened can still play.
  const { x } = witness.state.players.get(witness.sessionId)!;
  witness.send("move", "right");
  await until(
    () =>
      witness.state.players.get(witness.sessionId)!.x !== x ||
      witness.state.players.get(witness.sessionId)!.facing === 2,
  );
});
