// Tests that docs/replay.md describes the bytes of a recording. The decoder in this file follows only that page.

import { crc32 } from "node:zlib";
import { expect, test } from "@jest/globals";
import { RecordedWorld } from "../../replay/recorded-world.ts";
import { BLANK_INPUT } from "../../schema/move-input.ts";
import { drawnMap } from "../support/maps.ts";
import { Kept } from "../support/recording.ts";

const MAP = drawnMap("plaza", ["##########", "#s......s#", "#........#", "##########"]);
const FIRST_LINE = "sabang-replay 2\n";

/** Reads consecutive values from a buffer. */
class Cursor {
  at = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++]!;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    const length = this.varint();
    this.at += length;
    return this.bytes.toString("utf8", this.at - length, this.at);
  }
}

interface Frame {
  kind: number;
  tick: number;
  payload: Buffer;
}

function framesOf(file: Buffer): Frame[] {
  expect(file.toString("latin1", 0, 16)).toBe(FIRST_LINE);
  const frames: Frame[] = [];
  for (let at = 16; at < file.length; ) {
    const length = file.readUIntLE(at + 1, 3);
    const payload = file.subarray(at + 16, at + 16 + length);
    expect(file.readUInt32LE(at + 8)).toBe(crc32(payload));
    expect(file.readUInt32LE(at + 12)).toBe(crc32(file.subarray(at, at + 12)));
    frames.push({ kind: file[at]!, tick: file.readUInt32LE(at + 4), payload });
    at += 16 + length;
  }
  return frames;
}

/** Returns the events in a frame of kind 3 (up to one second of ticks), each event as a line of text. */
function eventsOf(payload: Buffer): string[] {
  const cursor = new Cursor(payload);
  const events: string[] = [];
  while (cursor.at < payload.length) {
    const event = cursor.varint();
    const slot = Math.floor(event / 16);
    const kind = event % 16;
    if (kind === 0) events.push("tick");
    else if (kind <= 4) events.push(`${slot} move ${kind}`);
    else if (kind <= 9) events.push(`${slot} input ${kind - 5}`);
    else if (kind === 10) events.push(`${slot} input ${cursor.text()}`);
    else if (kind === 11) events.push(`call ${cursor.text()}`);
    else if (kind === 12) {
      cursor.at += 4;
      const moved = [];
      while (cursor.at < payload.length) {
        moved.push([cursor.varint(), cursor.signed(), cursor.signed(), cursor.signed()]);
      }
      events.push(`check ${JSON.stringify(moved)}`);
    } else throw new Error(`unknown event ${kind}`);
  }
  return events;
}

test("a recording has the bytes that docs/replay.md describes", async () => {
  const kept = new Kept();
  const world = new RecordedWorld(MAP, 9, {
    room: "room",
    recordings: kept,
    startedAt: Date.UTC(2026, 3, 1),
    blankInput: BLANK_INPUT,
  });
  const tick = (...inputs: [string, number][]) =>
    world.tick((id) => {
      const at = inputs.findIndex(([player]) => player === id);
      return at < 0 ? undefined : { direction: inputs.splice(at, 1)[0]![1] };
    });
  const ada = { name: "Ada 에이다", x: 0, y: 0, facing: 4 };
  world.join("ada", ada, { x: 48, y: 48 });
  world.join("ben", { x: 0, y: 0, facing: 4 }, { x: 80, y: 48 });
  // For two ticks, the world applies no input of players that joined with a saved position.
  tick();
  tick();
  world.queueMove("ada", { direction: 2 });
  tick(["ben", 4]);
  world.clearQueue("ada");
  tick(["ada", 9], ["ben", 0]);
  world.leave("ada");
  world.join("cia", { x: 0, y: 0, facing: 4 }, { x: 200, y: 48 });
  for (let more = 0; more < 16; more++) tick();
  world.queueMove("cia", { direction: 1 });
  tick();
  await world.end();

  const frames = framesOf(kept.file);
  expect(frames.map(({ kind, tick }) => ({ kind, tick }))).toEqual([
    { kind: 1, tick: 0 },
    { kind: 2, tick: 0 },
    { kind: 3, tick: 20 },
    { kind: 3, tick: 21 },
    { kind: 4, tick: 21 },
  ]);
  const [header, snapshot] = frames.slice(0, 2).map(({ payload }) => JSON.parse(new Cursor(payload).text()));
  expect(header).toMatchObject({
    map: "plaza",
    seed: 9,
    startedAt: Date.UTC(2026, 3, 1),
    rules: { STEP: 8, TICK_HZ: 20 },
  });
  expect(Object.keys(header)).toEqual(["version", "map", "mapHash", "rules", "seed", "startedAt", "blankInput"]);
  expect(snapshot).toEqual({ random: 9, players: [] });
  expect(eventsOf(frames[2]!.payload)).toEqual([
    'call ["join","ada",{"name":"Ada 에이다","x":0,"y":0,"facing":4},{"x":48,"y":48}]',
    'call ["join","ben",{"x":0,"y":0,"facing":4},{"x":80,"y":48}]',
    "tick",
    "tick",
    "0 move 2",
    "1 input 4",
    "tick",
    'call ["clearQueue","ada"]',
    '0 input {"direction":9}',
    "1 input 0",
    "tick",
    'call ["leave","ada"]',
    'call ["join","cia",{"x":0,"y":0,"facing":4},{"x":200,"y":48}]',
    ...Array(16).fill("tick"),
    "check [[1,80,56,4],[0,200,48,4]]",
  ]);
  // Only Cia has moved since the previous check. Cia has slot 0, which Ada had before she left.
  expect(eventsOf(frames[3]!.payload)).toEqual(["0 move 1", "tick", "check [[0,192,48,1]]"]);
});
