// Tests that programs can identify errors by their name and code, so that error messages can change freely.
import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { isTokenRefused } from "../../client/sign-in.ts";
import {
  ERRORS,
  type ErrorName,
  errorBody,
  FRAMEWORK_ERRORS,
  nameOfError,
  taggedMessage,
  untagged,
} from "../../schema/errors.ts";
import { reasonOfClose, reasonOfError } from "../../web/reasons.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer({ edge: { maxJoinsPerMinute: 3 } });
const NAMES = Object.keys(ERRORS) as ErrorName[];

/** Returns how the demo page interprets each error: the displayed reasons, and whether a new token may help. */
const interpretations = () =>
  NAMES.map((name) => {
    const { code } = ERRORS[name];
    const refused = new MatchMakeError(taggedMessage(name), code);
    const closed = new ServerError(code, taggedMessage(name));
    return [name, reasonOfError(refused), reasonOfError(closed), reasonOfClose(code), isTokenRefused(refused)];
  });

test("no two errors share a code of 1000 or more, because such a code alone identifies an error", () => {
  const codes = [...Object.values(ERRORS).map(({ code }) => code as number), ...Object.values(FRAMEWORK_ERRORS)];
  const above = codes.filter((code) => code >= 1000);
  expect(new Set(above).size).toBe(above.length);
});

test.each(NAMES)(
  "the code and the tagged message identify the error %s, and its HTTP body contains code, message and name",
  (name) => {
    const { code, message } = ERRORS[name];
    expect(nameOfError({ code, message: taggedMessage(name) })).toBe(name);
    expect(nameOfError({ code, message: taggedMessage(name, "Anything [at] all") })).toBe(name);
    expect(untagged(taggedMessage(name))).toBe(message);
    expect(errorBody(name)).toEqual({ code, name, error: `${message} [${name}]` });
  },
);

test("nameOfError ignores the name in a message if the code belongs to another error", () => {
  expect(nameOfError({ code: 503, message: "[tooManyJoins]" })).toBeUndefined();
  expect(nameOfError({ code: 503, message: "something [toString]" })).toBeUndefined();
  expect(nameOfError({ code: 4312, message: "something [idle]" })).toBe("takenOver");
  expect(nameOfError({ code: 522, message: "room not found" })).toBe("unknownRoom");
  expect(nameOfError({ code: 522, message: taggedMessage("roomFull") })).toBe("roomFull");
});

test("SDK clients, plain WebSocket clients and the page identify each error even if its text is that of another error", async () => {
  const before = interpretations();
  const table = ERRORS as Record<ErrorName, { code: number; message: string }>;
  const messages = NAMES.map((name) => [name, table[name].message] as const);
  // Each error gets the message of another error. Such a message is more misleading than a random one.
  messages.forEach(([name], index) => {
    table[name].message = messages.at(index - 1)![1];
  });
  try {
    expect(interpretations()).toEqual(before);

    const client = await joinWithSdk(server);
    const errors: [number, string?][] = [];
    client.onError((code, message) => errors.push([code, message]));
    client.send("move", "north");
    await until(() => errors.length > 0);
    expect(nameOfError({ code: errors[0]![0], message: errors[0]![1]! })).toBe("badMove");

    const refusal = async (options: object) => {
      const error = await server
        .client()
        .joinOrCreate("world", options)
        .catch((error) => error);
      expect(error).toBeInstanceOf(MatchMakeError);
      return nameOfError(error);
    };
    expect(await refusal({ map: "moon" })).toBe("unknownMap");

    const plain = new PlainPlayer(`${server.wsUrl}/websocket?name=`);
    await until(() => plain.closed);
    expect(plain.errors).toMatchObject([{ name: "badJoinOption" }]);
    expect(plain.closed?.code).toBe(ERRORS.joinRefused.code);

    // The address has used its three joins of this minute.
    expect(await refusal({})).toBe("tooManyJoins");
    const answer = await fetch(`${server.url}/nowhere`);
    expect([answer.status, await answer.json()]).toEqual([404, errorBody("notFound")]);
  } finally {
    for (const [name, message] of messages) table[name].message = message;
  }
});
