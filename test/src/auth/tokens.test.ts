// Tests the two sign-in routes. Tests joins with valid and invalid tokens over all transports.
import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { ERRORS, type ErrorName, errorBody, taggedMessage } from "../../../schema/errors.ts";
import { newPlayerId } from "../../../src/auth/tokens.ts";
import { drawnMap } from "../../support/maps.ts";
import { PlainPlayer, plainError } from "../../support/plain.ts";
import { SECRETS, startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const server = startServer({ maps: new Map([["plaza", drawnMap("plaza", ["......", "..s...", "......"])]]) });
const ID = newPlayerId();
const SOON = Math.floor(Date.now() / 1000) + 60;
const LONG_AGO = SOON - 100_000;

/** Builds a token by hand, so that any part of it can be invalid. */
function token(payload: unknown, { secret = SECRETS.current, header = { alg: "HS256", typ: "JWT" } as object } = {}) {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part(payload)}`;
  const digest = { HS512: "sha512", HS384: "sha384" }[(header as { alg: string }).alg] ?? "sha256";
  return `${signed}.${createHmac(digest, secret).update(signed).digest("base64url")}`;
}

const good = token({ id: ID, exp: SOON });
const [head, body, signature] = good.split(".") as [string, string, string];
const none = token({ id: ID, exp: SOON }, { header: { alg: "none" } });

const REFUSED: [name: string, token: string, error: ErrorName][] = [
  ["a text that is not a token", "abc", "tokenInvalid"],
  ["a token whose signature is changed", `${head}.${body}.${signature.slice(0, -4)}AAAA`, "tokenInvalid"],
  [
    "a token whose payload is changed",
    good.replace(body, token({ id: newPlayerId(), exp: SOON }).split(".")[1]!),
    "tokenInvalid",
  ],
  ["a token without a signature", `${head}.${body}.`, "tokenInvalid"],
  ["an unsigned token of `alg: none`", none.replace(/[^.]*$/, ""), "tokenInvalid"],
  ["a signed token of `alg: none`", none, "tokenInvalid"],
  [
    "a token of another algorithm with our secret",
    token({ id: ID, exp: SOON }, { header: { alg: "HS512" } }),
    "tokenInvalid",
  ],
  [
    "a token of another secret",
    token({ id: ID, exp: SOON }, { secret: "the secret of another server altogether" }),
    "tokenInvalid",
  ],
  [
    "an expired token of another secret",
    token({ id: ID, exp: LONG_AGO }, { secret: "the secret of another server" }),
    "tokenInvalid",
  ],
  ["an expired token", token({ id: ID, exp: LONG_AGO }), "tokenExpired"],
  ["an expired token of the old secret", token({ id: ID, exp: LONG_AGO }, { secret: SECRETS.old }), "tokenExpired"],
  ["a token without an id", token({ anonymousId: ID, exp: SOON }), "tokenForeign"],
  ["a token whose id is a number", token({ id: 7, exp: SOON }), "tokenForeign"],
  ["a token whose id is an object", token({ id: { toString: ID }, exp: SOON }), "tokenForeign"],
  ["a token whose id is empty", token({ id: "", exp: SOON }), "tokenForeign"],
  ["a token whose id has 300 characters", token({ id: "a".repeat(300), exp: SOON }), "tokenForeign"],
  ["a token whose id has invalid characters", token({ id: "../../etc/passwd\0aaaaaaaa", exp: SOON }), "tokenForeign"],
  ["a token that never expires", token({ id: ID }), "tokenForeign"],
  ["a token whose payload is a list", token([ID]), "tokenForeign"],
];

describe("joining:", () => {
  test("a client with a valid token joins as the token's player, even if the token was signed with the old secret", async () => {
    for (const each of [good, token({ id: ID, exp: SOON }, { secret: SECRETS.old })]) {
      const client = await joinWithSdk(server, {}, each);
      const room = await server.roomOf(client.sessionId);
      expect(room.clients.get(client.sessionId)?.auth).toEqual({ id: ID });
      await client.leave();
    }
  });

  test("a client without a token joins as a guest", async () => {
    const client = await joinWithSdk(server);
    const room = await server.roomOf(client.sessionId);
    expect(room.clients.get(client.sessionId)?.auth?.id).toBeUndefined();
  });

  test("a client without a token cannot choose a player id with join options", async () => {
    const client = await joinWithSdk(server, { id: ID, auth: { id: ID }, sessionId: ID });
    const room = await server.roomOf(client.sessionId);
    expect(client.sessionId).not.toBe(ID);
    expect(room.clients.get(client.sessionId)?.auth?.id).toBeUndefined();
  });

  test.each(REFUSED)("a join with %s is refused", async (_name, bad, name) => {
    const { code } = ERRORS[name];
    await expect(server.client(bad).joinOrCreate("world")).rejects.toMatchObject({
      code,
      message: taggedMessage(name),
    });
    const plain = new PlainPlayer(`${server.wsUrl}/websocket?token=${encodeURIComponent(bad)}`);
    await until(() => plain.closed);
    expect(plain.errors).toEqual([plainError(name)]);
    expect(plain.closed?.code).toBe(ERRORS.joinRefused.code);
    const userdata = await fetch(`${server.url}/auth/userdata`, { headers: { authorization: `Bearer ${bad}` } });
    expect([userdata.status, await userdata.json()]).toEqual([code, errorBody(name)]);
  });

  test("a join with a token of 100 kB is answered with 431, because the token exceeds Node's limit for headers", async () => {
    const long = token({ id: ID, exp: SOON, more: "a".repeat(75_000) });
    expect(long.length).toBeGreaterThan(100_000);
    const answer = await fetch(`${server.url}/matchmake/joinOrCreate/world`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${long}` },
      body: "{}",
    });
    expect(answer.status).toBe(431);
    expect((await fetch(`${server.url}/websocket?token=${long}`)).status).toBe(431);
  });
});

describe("signing in:", () => {
  test("a sign-in with the SDK creates a new player, and a client that joins with the returned token joins as this player", async () => {
    const client = server.client();
    const { user, token } = await client.auth.signInAnonymously();
    expect(user.id).toMatch(/^[\w-]{22}$/);
    expect(client.auth.token).toBe(token);
    const { id, exp, iat } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());
    expect(id).toBe(user.id);
    expect(exp - iat).toBe(365 * 24 * 3600);
    expect(await client.auth.getUserData()).toEqual({ user });
    const another = await server.client().auth.signInAnonymously();
    expect(another.user.id).not.toBe(user.id);
    const room = await joinWithSdk(server, {}, token);
    expect((await server.roomOf(room.sessionId)).clients.get(room.sessionId)?.auth).toEqual({ id: user.id });
  });

  test("a sign-in with a token that was signed with the old secret returns a token that is signed with the new secret, for the same player", async () => {
    const client = server.client(token({ id: ID, exp: SOON }, { secret: SECRETS.old }));
    const renewed = await client.auth.signInAnonymously();
    expect(renewed.user.id).toBe(ID);
    expect(await server.tokens.read(renewed.token)).toBe(ID);
    const [signed, signature] = [renewed.token.replace(/\.[^.]*$/, ""), renewed.token.split(".")[2]];
    expect(createHmac("sha256", SECRETS.current).update(signed).digest("base64url")).toBe(signature);
  });

  test("a sign-in with an invalid token creates a new player", async () => {
    for (const [, bad] of REFUSED) {
      const answer = await fetch(`${server.url}/auth/anonymous`, {
        method: "POST",
        headers: { authorization: `Bearer ${bad}` },
      });
      const { user } = (await answer.json()) as { user: { id: string } };
      expect(user.id).toMatch(/^[\w-]{22}$/);
      expect(user.id).not.toBe(ID);
    }
  });

  test("a sign-in ignores a player id that the client sends", async () => {
    const { user } = await server.client().auth.signInAnonymously({ id: ID });
    expect(user.id).not.toBe(ID);
  });

  test("a page of any origin may sign in if the server has no list of allowed origins", async () => {
    const answer = await fetch(`${server.url}/auth/anonymous`, {
      method: "POST",
      headers: { origin: "https://a.example" },
    });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.example");
  });
});

test.each([
  ["POST", "/auth/register"],
  ["POST", "/auth/login"],
  ["POST", "/auth/forgot-password"],
  ["GET", "/auth/reset-password"],
  ["GET", "/auth/confirm-email"],
  ["GET", "/auth/provider/github"],
  ["GET", "/auth/provider/github/callback"],
  ["GET", "/auth/anonymous"],
  ["GET", "/auth"],
])("the server answers 404 on the framework's unused auth route %s %s", async (method, path) => {
  const answer = await fetch(server.url + path, {
    method,
    redirect: "manual",
    headers: { "content-type": "application/json" },
    ...(method === "POST" && { body: JSON.stringify({ email: "a@b.example", password: "password" }) }),
  });
  expect(answer.status).toBe(404);
});
