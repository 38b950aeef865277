// Tests invitations: a friend joins beside its host as long as the host's invitation is valid.
import type { Room } from "@colyseus/sdk";
import { describe, expect, test } from "@jest/globals";
import { Invitations } from "../../rooms/invitations.ts";
import { ERRORS } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer, plainError } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const DAY_MS = 24 * 3600 * 1000;
/**
 * A map with two spawns. The distance between the spawns is larger than the distance at which a friend joins beside its
 * host.
 */
const ROWS = ["....................", ".s................s.", "...................."];

const server = startServer({
  maps: new Map(["plaza", "meadow"].map((name) => [name, drawnMap(name, ROWS)])),
  maxPlayers: 2,
});

/** Requests an invitation with which friends can join this player. Resolves with the invitation. */
function invite(room: Room<unknown, WorldState>): Promise<string> {
  return new Promise((resolve) => {
    room.onMessage("invite", ({ friend }: { friend: string }) => resolve(friend));
    room.send("invite");
  });
}

const self = ({ state, sessionId }: Room<unknown, WorldState>) => state.players.get(sessionId)!;

/** Records the codes of the errors that a client receives from now on. */
function errorsOf(room: Room): number[] {
  const codes: number[] = [];
  room.onError((code) => codes.push(code));
  return codes;
}

test("a friend joins the room and the map of its host, one tile away from the host's current position", async () => {
  const host = await joinWithSdk(server, { map: "meadow" });
  const friend = await invite(host);
  const { x } = self(host);
  const word = x < 320 ? "right" : "left";
  for (let step = 0; step < 4; step++) host.send("move", word);
  await until(() => Math.abs(self(host).x - x) === 32);
  const guest = await joinWithSdk(server, { friend });
  expect(guest.roomId).toBe(host.roomId);
  expect(guest.state.map).toBe("meadow");
  expect([Math.abs(self(guest).x - self(host).x), self(guest).y]).toEqual([32, self(host).y]);
});

test("a friend joins the room of its host even if an older room has space, unless the host's room is full", async () => {
  const [first, second] = [await joinWithSdk(server), await joinWithSdk(server)];
  const host = await joinWithSdk(server);
  expect(second.roomId).toBe(first.roomId);
  expect(host.roomId).not.toBe(first.roomId);
  await first.leave();
  const friend = await invite(host);
  expect((await joinWithSdk(server, { friend })).roomId).toBe(host.roomId);
  // The host's room is full now.
  const late = await joinWithSdk(server, { friend });
  expect(late.roomId).toBe(second.roomId);
});

test("a friend on a plain WebSocket starts beside its host, who is on a plain WebSocket too", async () => {
  const host = await PlainPlayer.join(server.url, "?map=meadow");
  host.socket.send('{"type":"invite"}');
  const { friend } = await until(() => host.frames.find(({ type }) => type === "invite"));
  const guest = await PlainPlayer.join(server.url, `?friend=${friend}`);
  await until(() => guest.players.has(host.id));
  expect(Math.abs(guest.players.get(guest.id)!.x - guest.players.get(host.id)!.x)).toBe(32);
});

describe("invalid invitations:", () => {
  const endings: [string, (host: Room<unknown, WorldState>) => unknown][] = [
    ["the host has revoked the invitation", (host) => host.send("uninvite")],
    ["the host has left", (host) => host.leave()],
  ];
  test.each(endings)(
    "the friend joins the map as usual and gets the error `invitationEnded` if %s",
    async (_when, end) => {
      const host = await joinWithSdk(server, { map: "meadow" });
      const friend = await invite(host);
      await end(host);
      await until(async () => {
        const guest = await PlainPlayer.join(server.url, `?map=meadow&friend=${friend}`);
        const isRefused = guest.errors.length > 0;
        if (isRefused) expect(guest.errors).toEqual([plainError("invitationEnded")]);
        guest.socket.close();
        return isRefused;
      });
    },
  );

  test("an SDK client that joins with an unknown invitation gets the error `invitationEnded`", async () => {
    const guest = await server.client().joinOrCreate("world", { friend: "no such invitation" });
    const errors = errorsOf(guest);
    await until(() => errors.length > 0);
    expect(errors).toEqual([ERRORS.invitationEnded.code]);
  });
});

test("a signed-in player joins as usual with its own invitation, and the invitation stays valid for friends", async () => {
  const token = await server.tokens.sign(newPlayerId());
  const host = await joinWithSdk(server, {}, token);
  const friend = await invite(host);
  const again = await joinWithSdk(server, { friend }, token);
  const errors = errorsOf(again);
  expect({ ...self(again).toJSON() }).toEqual({ ...self(host).toJSON() });
  const guest = await joinWithSdk(server, { friend });
  expect(guest.roomId).toBe(again.roomId);
  expect(errors).toEqual([]);
});

test("an invitation is a random text, and a join with a number as the `friend` option is refused", async () => {
  const host = await joinWithSdk(server);
  const friend = await invite(host);
  expect(friend).toMatch(/^[0-9a-f-]{36}$/);
  await expect(server.client().joinOrCreate("world", { friend: 7 })).rejects.toMatchObject({ code: 422 });
});

describe("Invitations", () => {
  test("an invitation ends one day after the host last requested it", () => {
    const invitations = new Invitations();
    const id = invitations.issue("ada", 0);
    expect(invitations.issue("ada", 1000)).toBe(id);
    expect(invitations.hostOf(id, DAY_MS + 999)).toBe("ada");
    expect(invitations.hostOf(id, DAY_MS + 1000)).toBeUndefined();
    expect(invitations.issue("ada", DAY_MS + 1000)).not.toBe(id);
  });

  test("a revoked invitation stays invalid, and other players keep their invitations", () => {
    const invitations = new Invitations();
    const [ada, bob] = [invitations.issue("ada"), invitations.issue("bob")];
    invitations.revoke("ada");
    expect([ada, bob, "x"].map((id) => invitations.hostOf(id))).toEqual([undefined, "bob", undefined]);
    expect(invitations.issue("ada")).not.toBe(ada);
  });

  test("the oldest invitation ends if there are more than 10,000 invitations", () => {
    const invitations = new Invitations();
    const ids = Array.from({ length: 10_001 }, (_, player) => invitations.issue(`player ${player}`));
    expect(invitations.hostOf(ids[0]!)).toBeUndefined();
    expect([ids[1]!, ids[10_000]!].map((id) => invitations.hostOf(id))).toEqual(["player 1", "player 10000"]);
  });
});
