// When the places of a room's players are handed to the store.
import { expect, test } from "@jest/globals";
import { PlayerAutosave } from "../../rooms/player-autosave.ts";
import type { PlayerRecord, PlayerStore } from "../../rooms/player-store.ts";
import { Player } from "../../schema/player.ts";

/** A store in memory that tells what it was given. */
class Given implements PlayerStore {
  readonly places: PlayerRecord[] = [];
  flushes = 0;

  async load(): Promise<PlayerRecord | undefined> {
    return this.places.at(-1);
  }

  put(place: PlayerRecord): boolean {
    this.places.push(place);
    return true;
  }

  async flush(): Promise<void> {
    this.flushes++;
  }

  /** Where the player stood in what was given since the last time. */
  take(): number[] {
    return this.places.splice(0).map(({ x }) => x);
  }
}

function walker() {
  const given = new Given();
  const kept = new PlayerAutosave(given, "plaza");
  const body = new Player().assign({ name: "Ada", x: 100, y: 100, facing: 4 });
  kept.track("session", "ada", body, undefined);
  return { given, kept, body };
}

test("who walks is saved at every fourth tick, so five times a second, where it stands then", () => {
  const { given, kept, body } = walker();
  expect(given.take()).toEqual([100]);
  const saves = Array.from({ length: 12 }, () => {
    body.x += 8;
    kept.save();
    return given.take();
  });
  expect(saves.flat()).toHaveLength(3);
  const ticks = saves.flatMap((save, tick) => (save.length > 0 ? [tick] : []));
  expect(ticks.map((tick) => tick - ticks[0]!)).toEqual([0, 4, 8]);
  expect(saves.flat()).toEqual(ticks.map((tick) => 108 + 8 * tick));
});

test("a change between two saves is not forgotten, and who stands still is saved once", () => {
  const { given, kept, body } = walker();
  kept.save();
  given.take();
  body.x = 92;
  for (let tick = 0; tick < 12; tick++) kept.save();
  expect(given.take()).toEqual([92]);
});

test("who leaves is saved at once, in whichever tick", () => {
  for (let ticks = 0; ticks < 4; ticks++) {
    const { given, kept, body } = walker();
    for (let tick = 0; tick < ticks; tick++) kept.save();
    given.take();
    body.x = 60;
    kept.release("session");
    expect(given.take()).toEqual([60]);
    expect(given.flushes).toBe(1);
    for (let tick = 0; tick < 8; tick++) kept.save();
    expect(given.take()).toEqual([]);
  }
});
