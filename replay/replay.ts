// Plays a recording: the very world of the server, given what that one was given, in the same order. What is different
// from what was written down, or cannot be, is told.
import type { Input } from "../sim/apply-input.ts";
import { hashOfPlayers } from "../sim/hash.ts";
import { invariantViolation } from "../sim/invariants.ts";
import type { WorldMap } from "../sim/map.ts";
import type { Spot } from "../sim/nearest-free.ts";
import { type SeededRandom, seededRandom } from "../sim/random.ts";
import type { Body } from "../sim/step.ts";
import { World } from "../sim/world.ts";
import { ByteReader } from "./bytes.ts";
import {
  CALLS,
  type Call,
  type Frame,
  hex,
  type Incident,
  jsonIn,
  KIND,
  OP,
  type Recording,
  type Snapshot,
  stepFailure,
} from "./format.ts";
import { PlayerIds } from "./player-ids.ts";
import { seenOf } from "./recorder.ts";

/** Players of one difference that are named; the others are counted. */
const NAMED = 3;

/** A body as it was recorded. */
interface Seen extends Spot {
  readonly facing: number;
}

/** Something in the recording that is not so when it is played. */
export interface Difference {
  /** Ticks that were done. */
  tick: number;
  /** What differs, as a sentence. */
  what: string;
}

/** A recording that is being played. */
export class Replay {
  readonly #recording: Recording;
  readonly #map: WorldMap;
  readonly #blankInput: Input;
  #world!: World;
  #random!: SeededRandom;
  #slots!: PlayerIds;
  /** By slot: who stands where as it was recorded. */
  #seen: (Seen | undefined)[] = [];
  #tick = 0;
  #nextFrame = 0;
  #sessions = 0;
  #events = new ByteReader(new Uint8Array());
  readonly #inputs: { id: string | undefined; input: Input }[] = [];
  /** What was different, and what threw or was broken, since the recording was opened or sought in; the first of each. */
  difference: Difference | undefined;
  fault: Incident | undefined;

  /** @param map the one that the recording fits. */
  constructor(recording: Recording, map: WorldMap) {
    this.#recording = recording;
    this.#map = map;
    this.#blankInput = recording.header.blankInput;
    this.#restore(0);
  }

  /** Ticks of the world that are done. */
  get tick(): number {
    return this.#tick;
  }

  /** Everybody's body, by session id. It has all fields that the player had at its join. */
  bodies(): Map<string, Body & { name?: string }> {
    return new Map([...this.#world.players()].map(({ id, body }) => [id, body]));
  }

  /** Sessions that there were since the recording was opened or sought in. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Plays one tick. @returns whether there was one. */
  advance(): boolean {
    const tick = this.#tick;
    while (this.#tick === tick && this.#enterFrame()) this.#playEvent();
    // The check of a second, and the snapshot after it, belong to its last tick.
    while (this.#events.next === OP.check || (this.#events.atEnd && this.#isSnapshotNext())) {
      if (this.#events.next === OP.check) this.#playEvent();
      else this.#enterFrame();
    }
    return this.#tick > tick;
  }

  /** Goes to a tick of the recording. What differs on the way there is not looked at. */
  seek(tick: number): void {
    const isBefore = (frame: Frame) => frame.kind === KIND.snapshot && frame.tick <= tick;
    const start = Math.max(0, this.#recording.frames.findLastIndex(isBefore));
    if (tick < this.#tick || this.#recording.frames[start]!.tick > this.#tick) this.#restore(start);
    while (this.#tick < tick && this.advance());
  }

  #restore(index: number): void {
    const frame = this.#recording.frames[index]!;
    const { random, players } = jsonIn(frame.payload) as Snapshot;
    this.#random = seededRandom(random);
    this.#world = new World(this.#map, this.#random);
    this.#world.restore(players);
    this.#slots = new PlayerIds();
    this.#seen = [];
    for (const { id, slot, body } of players) {
      this.#slots.take(id, slot);
      this.#seen[slot] = seenOf(body);
    }
    this.#tick = frame.tick;
    this.#nextFrame = index + 1;
    this.#sessions = players.length;
    this.#events = new ByteReader(new Uint8Array());
    this.#inputs.length = 0;
    this.difference = undefined;
    this.fault = undefined;
  }

  /** Opens the next frame when one is at its end. @returns whether there is an event to play. */
  #enterFrame(): boolean {
    while (this.#events.atEnd) {
      const frame = this.#recording.frames[this.#nextFrame++];
      if (!frame) return false;
      if (frame.kind === KIND.snapshot) this.#compare(frame);
      else this.#events = new ByteReader(frame.payload);
    }
    return true;
  }

  #isSnapshotNext(): boolean {
    return this.#recording.frames[this.#nextFrame]?.kind === KIND.snapshot;
  }

  #playEvent(): void {
    const event = this.#events.varint();
    const op = event & 15;
    const id = this.#slots.idAt(event >>> 4);
    if (op === OP.tick) this.#playTick();
    else if (op === OP.call) this.#call(JSON.parse(this.#events.text()));
    else if (op === OP.check) this.#check();
    else if (op === OP.otherMove) this.#move(id, JSON.parse(this.#events.text()));
    else if (op === OP.otherInput) this.#inputs.push({ id, input: JSON.parse(this.#events.text()) });
    else if (op >= OP.input) this.#inputs.push({ id, input: { ...this.#blankInput, direction: op - OP.input } });
    else this.#move(id, { direction: op - OP.move });
  }

  #move(id: string | undefined, input: Input): void {
    if (id !== undefined) this.#world.queueMove(id, input);
  }

  #call([name, id, ...values]: [Call, string, ...unknown[]]): void {
    if (!CALLS.includes(name)) throw new RangeError(`the world takes no call "${name}"`);
    if (name === "join") {
      this.#sessions++;
      this.#seen[this.#slots.take(id)] = undefined;
    }
    if (name === "leave") this.#slots.release(id);
    // JSON has null for what was not given.
    const given = values.map((value) => value ?? undefined);
    try {
      (this.#world[name] as (id: string, ...values: unknown[]) => void).call(this.#world, id, ...given);
    } catch (error) {
      // Whoever called the world of then has caught it too: the recording goes on.
      this.#fault(id, `could not ${name}: ${error}`);
    }
  }

  #playTick(): void {
    this.#tick++;
    const before = new Map([...this.#world.players()].map(({ id, body: { x, y } }) => [id, { x, y }]));
    this.#world.tick(
      (id) => (this.#inputs[0]?.id === id ? this.#inputs.shift()?.input : undefined),
      (player, error) => this.#fault(player, stepFailure(error)),
    );
    const [left] = this.#inputs;
    if (left) {
      this.#differ(
        `${nameOf(left.id)} took an input (${JSON.stringify(left.input)}) that the world no longer asks for`,
      );
      this.#inputs.length = 0;
    }
    if (this.fault) return;
    for (const { id, body } of this.#world.players()) {
      const fault = invariantViolation(body, this.#map, before.get(id));
      if (fault) this.#fault(id, fault);
    }
  }

  #check(): void {
    const hash = this.#events.uint32();
    while (!this.#events.atEnd) {
      const slot = this.#events.varint();
      this.#seen[slot] = { x: this.#events.signed(), y: this.#events.signed(), facing: this.#events.signed() };
    }
    const players = [...this.#world.players()];
    const played = hashOfPlayers(players);
    if (played === hash) return;
    const apart = players.flatMap(({ id, body }) => {
      const there = this.#seen[this.#slots.of(id)!];
      const here = seenOf(body);
      if (there && there.x === here.x && there.y === here.y && there.facing === here.facing) return [];
      return `${nameOf(id, body)} stood at ${placeOf(there)}, and stands at ${placeOf(here)}`;
    });
    const more = apart.length > NAMED ? `, and ${apart.length - NAMED} more differ` : "";
    const whom =
      apart.length > 0
        ? apart.slice(0, NAMED).join("; ") + more
        : "everybody is in the same unit as before, so it is what waits, another field, or a part of a unit";
    this.#differ(`the world's hash was ${hex(hash)} and is ${hex(played)}: ${whom}`);
  }

  /** Compares the world with a snapshot in the middle of the recording. */
  #compare({ payload }: Frame): void {
    const { random, players } = jsonIn(payload) as Snapshot;
    if (random !== this.#random.state) this.#differ("chance went another way: another number of spawns was drawn");
    if (hashOfPlayers(players) !== hashOfPlayers(this.#world.players())) this.#differ("the snapshot is another one");
  }

  #differ(what: string): void {
    this.difference ??= { tick: this.#tick, what };
  }

  #fault(player: string, fault: string): void {
    this.fault ??= { tick: this.#tick, player, fault };
  }
}

function nameOf(id: string | undefined, body?: Body & { name?: string }): string {
  return body?.name === undefined ? `${id}` : `${id} (${body.name})`;
}

/** What a facing is called. */
const WORDS = [undefined, "left", "right", "up", "down"];

function placeOf(seen: Seen | undefined): string {
  if (!seen) return "an unknown place";
  return `(${seen.x}, ${seen.y}) facing ${WORDS[seen.facing] ?? seen.facing}`;
}
