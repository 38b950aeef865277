// Programs distinguish errors by name and code, so messages can change freely.
import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import {
  ERRORS,
  type ErrorName,
  errorBody,
  FRAMEWORK_ERRORS,
  nameOfError,
  taggedMessage,
  untagged,
} from "../../schema/errors.ts";
import { isTokenRefused, reasonOfClose, reasonOfError } from "../../web/reasons.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer({ edge: { maxJoinsPerMinute: 3 } });
const NAMES = Object.keys(ERRORS) as ErrorName[];

/** The page's interpretation of each error: its reason, and whether another token may help. */
const interpretations = () =>
  NAMES.map((name) => {
    const { code } = ERRORS[name];
    const refused = new MatchMakeError(taggedMessage(name), code);
    const closed = new ServerError(code, taggedMessage(name));
    return [name, reasonOfError(refused), reasonOfError(closed), reasonOfClose(code), isTokenRefused(refused)];
  });

test("each code from 1000 up belongs to only one error", () => {
  const codes = [...Object.values(ERRORS).map(({ code }) => code as number), ...Object.values(FRAMEWORK_ERRORS)];
  const above = codes.filter((code) => code >= 1000);
  expect(new Set(above).size).toBe(above.length);
});

test.each(NAMES)("the error %s is identified by its code and tagged message, and has a complete body", (name) => {
  const { code, message } = ERRORS[name];
  expect(nameOfError({ code, message: taggedMessage(name) })).toBe(name);
  expect(nameOfError({ code, message: taggedMessage(name, "Anything [at] all") })).toBe(name);
  expect(untagged(taggedMessage(name))).toBe(message);
  expect(errorBody(name)).toEqual({ code, name, error: `${message} [${name}]` });
});

test("nameOfError ignores a tag if the code belongs to another error", () => {
  expect(nameOfError({ code: 503, message: "[tooManyJoins]" })).toBeUndefined();
  expect(nameOfError({ code: 503, message: "something [toString]" })).toBeUndefined();
  expect(nameOfError({ code: 4312, message: "something [idle]" })).toBe("takenOver");
  expect(nameOfError({ code: 522, message: "room is full" })).toBe("unknownRoom");
});

test("the server, the page and plain clients agree on every error even if all messages are swapped", async () => {
  const before = interpretations();
  const table = ERRORS as Record<ErrorName, { code: number; message: string }>;
  const messages = NAMES.map((name) => [name, table[name].message] as const);
  // Each error gets the message of another error, which is more misleading than a random message.
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

    // The three joins of this minute are used up.
    expect(await refusal({})).toBe("tooManyJoins");
    const answer = await fetch(`${server.url}/nowhere`);
    expect([answer.status, await answer.json()]).toEqual([404, errorBody("notFound")]);
  } finally {
    for (const [name, message] of messages) table[name].message = message;
  }
});
