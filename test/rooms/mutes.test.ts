import { expect, test } from "@jest/globals";
import { Mutes } from "../../rooms/mutes.ts";

test("a mute ends after its time, and a later mute of the same player replaces an earlier mute", () => {
  const mutes = new Mutes();
  mutes.mute("ada", 60, 1000);
  expect([1000, 60_999, 61_000].map((now) => mutes.isMuted("ada", now))).toEqual([true, true, false]);
  mutes.mute("ada", 1, 2000);
  expect([2999, 3000].map((now) => mutes.isMuted("ada", now))).toEqual([true, false]);
  expect(mutes.isMuted("bob", 2000)).toBe(false);
});

test("a mute ends early if the operator ends it", () => {
  const mutes = new Mutes();
  mutes.mute("ada", 60);
  mutes.unmute("ada");
  mutes.unmute("bob");
  expect(mutes.isMuted("ada")).toBe(false);
});

test("ended mutes are forgotten when another player is muted", () => {
  const mutes = new Mutes();
  mutes.mute("ada", 1, 0);
  mutes.mute("bob", 1, 1000);
  expect(mutes.isMuted("ada", 500)).toBe(false);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 366 * 24 * 3600, "ten" as unknown as number])(
  "a mute of %p seconds is refused",
  (seconds) => {
    expect(() => new Mutes().mute("ada", seconds)).toThrow(`cannot mute for ${seconds} seconds`);
  },
);
