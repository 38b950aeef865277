// Plays a recording: applies the recorded calls and inputs to a world in the same order, with the code of the server.
// It reports divergences from the recording and violated invariants.
import type { Input } from "../sim/apply-input.ts";
import { hashOfPlayers } from "../sim/hash.ts";
import { invariantViolation } from "../sim/invariants.ts";
import type { WorldMap } from "../sim/map.ts";
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
import { type Pose, poseOf } from "./recorder.ts";

/** Maximum players that the message of a divergence names. The message gives the number of further players. */
const MAX_NAMED_PLAYERS = 3;

/** A difference between the recording and its replay. */
export interface Divergence {
  /** The number of ticks that were completed when the difference was found. */
  tick: number;
  /** Describes the difference. */
  message: string;
}

/** A recording that is being played. */
export class Replay {
  readonly #recording: Recording;
  readonly #map: WorldMap;
  readonly #blankInput: Input;
  #world!: World;
  #random!: SeededRandom;
  #playerIds!: PlayerIds;
  /** By slot: the pose at the last recorded check. */
  #poses: (Pose | undefined)[] = [];
  #tick = 0;
  #nextFrame = 0;
  #sessions = 0;
  #events = new ByteReader(new Uint8Array());
  readonly #inputs: { id: string | undefined; input: Input }[] = [];
  /** The first divergence. A seek that restores a snapshot clears it. */
  divergence: Divergence | undefined;
  /** The first error or violated invariant. A seek that restores a snapshot clears it. */
  fault: Incident | undefined;

  /** @param map a map that `checkFit` accepts for the recording. */
  constructor(recording: Recording, map: WorldMap) {
    this.#recording = recording;
    this.#map = map;
    this.#blankInput = recording.header.blankInput;
    this.#restore(0);
  }

  /** The number of completed ticks of the world. */
  get tick(): number {
    return this.#tick;
  }

  /** Returns all bodies by session id. A body has all fields that the player had when it joined. */
  bodies(): Map<string, Body & { name?: string; look?: number }> {
    return new Map([...this.#world.players()].map(({ id, body }) => [id, body]));
  }

  /**
   * The number of sessions so far. A seek that restores a snapshot starts the count again with the players of that
   * snapshot.
   */
  get sessions(): number {
    return this.#sessions;
  }

  /** Plays one tick. Returns false at the end of the recording. */
  advance(): boolean {
    const tick = this.#tick;
    while (this.#tick === tick && this.#enterFrame()) this.#playEvent();
    // The check at the end of a second, and a snapshot after the check, belong to the last tick of that second.
    while (this.#events.next === OP.check || (this.#events.atEnd && this.#isSnapshotNext())) {
      if (this.#events.next === OP.check) this.#playEvent();
      else this.#enterFrame();
    }
    return this.#tick > tick;
  }

  /** Goes to a tick of the recording. Clears the divergence and the fault if the seek restores a snapshot. */
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
    this.#playerIds = new PlayerIds();
    this.#poses = [];
    for (const { id, slot, body } of players) {
      this.#playerIds.assign(id, slot);
      this.#poses[slot] = poseOf(body);
    }
    this.#tick = frame.tick;
    this.#nextFrame = index + 1;
    this.#sessions = players.length;
    this.#events = new ByteReader(new Uint8Array());
    this.#inputs.length = 0;
    this.divergence = undefined;
    this.fault = undefined;
  }

  /** Opens the next frame if the current one is at its end. Returns whether there is another event to play. */
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
    const id = this.#playerIds.idAt(event >>> 4);
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
    if (!CALLS.includes(name)) throw new RangeError(`unknown call "${name}"; expected one of ${CALLS.join(", ")}`);
    if (name === "join") {
      this.#sessions++;
      this.#poses[this.#playerIds.assign(id)] = undefined;
    }
    if (name === "leave") this.#playerIds.release(id);
    // JSON stores null for an omitted argument.
    const given = values.map((value) => value ?? undefined);
    try {
      (this.#world[name] as (id: string, ...values: unknown[]) => void).call(this.#world, id, ...given);
    } catch (error) {
      // The replay goes on after this error. The recorded world went on too, because its caller caught the same error.
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
    const [unused] = this.#inputs;
    if (unused) {
      this.#diverge(
        `${nameOf(unused.id)} took the input ${JSON.stringify(unused.input)} in the recording, but not in the replay`,
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
      this.#poses[slot] = { x: this.#events.signed(), y: this.#events.signed(), facing: this.#events.signed() };
    }
    const players = [...this.#world.players()];
    const played = hashOfPlayers(players);
    if (played === hash) return;
    const differing = players.flatMap(({ id, body }) => {
      const recorded = this.#poses[this.#playerIds.slotOf(id)!];
      const replayed = poseOf(body);
      if (recorded && recorded.x === replayed.x && recorded.y === replayed.y && recorded.facing === replayed.facing)
        return [];
      return `${nameOf(id, body)} was recorded at ${textOf(recorded)}, but is at ${textOf(replayed)}`;
    });
    const omitted = differing.length - MAX_NAMED_PLAYERS;
    const more = omitted > 0 ? `, and ${omitted} more differ` : "";
    const details =
      differing.length > 0
        ? differing.slice(0, MAX_NAMED_PLAYERS).join("; ") + more
        : "all recorded positions match, so a queued move, another field or a fraction of a unit differs";
    this.#diverge(`the recorded hash is ${hex(hash)}, but the world's hash is ${hex(played)}: ${details}`);
  }

  /** Compares the world with a later snapshot of the recording. */
  #compare({ payload }: Frame): void {
    const { random, players } = jsonIn(payload) as Snapshot;
    if (random !== this.#random.state)
      this.#diverge("the random state differs: the replay drew a different number of random spawns");
    if (hashOfPlayers(players) !== hashOfPlayers(this.#world.players()))
      this.#diverge("the world differs from the snapshot");
  }

  #diverge(message: string): void {
    this.divergence ??= { tick: this.#tick, message };
  }

  #fault(player: string, fault: string): void {
    this.fault ??= { tick: this.#tick, player, fault };
  }
}

function nameOf(id: string | undefined, body?: Body & { name?: string }): string {
  return body?.name === undefined ? `${id}` : `${id} (${body.name})`;
}

/** The words for the directions, by code. */
const WORDS = [undefined, "left", "right", "up", "down"];

function textOf(pose: Pose | undefined): string {
  if (!pose) return "an unknown position";
  return `(${pose.x}, ${pose.y}) facing ${WORDS[pose.facing] ?? pose.facing}`;
}
