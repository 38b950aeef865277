// Tests in which ticks a room puts the records of its signed-in players into the store.
import { expect, test } from "@jest/globals";
import { PlayerAutosave } from "../../rooms/player-autosave.ts";
import type { PlayerRecord, PlayerStore } from "../../rooms/player-store.ts";
import { Player } from "../../schema/player.ts";

/** A store in memory that records its calls. */
class FakeStore implements PlayerStore {
  readonly records: PlayerRecord[] = [];
  flushes = 0;

  async load(): Promise<PlayerRecord | undefined> {
    return this.records.at(-1);
  }

  put(record: PlayerRecord): boolean {
    this.records.push(record);
    return true;
  }

  async flush(): Promise<void> {
    this.flushes++;
  }

  /** Returns the `x` of each record that was put since the previous call. */
  take(): number[] {
    return this.records.splice(0).map(({ x }) => x);
  }
}

function walker() {
  const store = new FakeStore();
  const autosave = new PlayerAutosave(store, "plaza");
  const body = new Player().assign({ name: "Ada", x: 100, y: 100, facing: 4 });
  autosave.track("session", "ada", body, undefined);
  return { store, autosave, body };
}

test("a walking player is saved in every fourth tick, at its current position", () => {
  const { store, autosave, body } = walker();
  expect(store.take()).toEqual([100]);
  const saves = Array.from({ length: 12 }, () => {
    body.x += 8;
    autosave.save();
    return store.take();
  });
  expect(saves.flat()).toHaveLength(3);
  const ticks = saves.flatMap((save, tick) => (save.length > 0 ? [tick] : []));
  expect(ticks.map((tick) => tick - ticks[0]!)).toEqual([0, 4, 8]);
  expect(saves.flat()).toEqual(ticks.map((tick) => 108 + 8 * tick));
});

test("a player that moves between two saves and then stands still is saved once", () => {
  const { store, autosave, body } = walker();
  autosave.save();
  store.take();
  body.x = 92;
  for (let tick = 0; tick < 12; tick++) autosave.save();
  expect(store.take()).toEqual([92]);
});

test("a player who leaves in any tick is saved at once, and is not saved again in later ticks", () => {
  for (let ticks = 0; ticks < 4; ticks++) {
    const { store, autosave, body } = walker();
    for (let tick = 0; tick < ticks; tick++) autosave.save();
    store.take();
    body.x = 60;
    autosave.release("session");
    expect(store.take()).toEqual([60]);
    expect(store.flushes).toBe(1);
    for (let tick = 0; tick < 8; tick++) autosave.save();
    expect(store.take()).toEqual([]);
  }
});
