import { expect, test } from "@jest/globals";
import { MutedPlayers } from "../../web/muted-players.ts";

/** Returns a simulated storage of a browser. */
function storage() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
}

test("a muted player stays muted after a reload of the page, until the user ends the mute", () => {
  const tab = storage();
  expect(new MutedPlayers(tab).toggle("ada")).toBe(true);
  const later = new MutedPlayers(tab);
  expect([later.has("ada"), later.has("bob")]).toEqual([true, false]);
  expect(later.toggle("ada")).toBe(false);
  expect(new MutedPlayers(tab).has("ada")).toBe(false);
});

test("at most 200 players stay muted: muting another one ends the oldest mute", () => {
  const muted = new MutedPlayers(storage());
  for (let number = 0; number <= 200; number++) muted.toggle(`p${number}`);
  expect([muted.has("p0"), muted.has("p1"), muted.has("p200")]).toEqual([false, true, true]);
});

test("players can be muted even if the browser offers no storage", () => {
  const muted = new MutedPlayers(undefined);
  expect([muted.toggle("ada"), muted.has("ada")]).toEqual([true, true]);
});
