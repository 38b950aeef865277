// A world that is recorded: it plays as any other, and what it is given is written down in the order in which it is.
import type { Input } from "../sim/apply-input.ts";
import { invariantViolation } from "../sim/invariants.ts";
import type { WorldMap } from "../sim/map.ts";
import type { Spot } from "../sim/nearest-free.ts";
import { type SeededRandom, seededRandom } from "../sim/random.ts";
import { TICK_HZ } from "../sim/rules.ts";
import type { Body } from "../sim/step.ts";
import { type NextInput, World } from "../sim/world.ts";
import { fileHeader, type Header, headerOf, type Incident, stepFailure } from "./format.ts";
import { Recorder, SNAPSHOT_TICKS } from "./recorder.ts";
import { Ring } from "./ring.ts";

/** Ticks that the ring holds at least, once there were as many. */
const RING_TICKS = 120 * TICK_HZ;

/** Bytes above which it forgets more than that. */
const RING_BYTES = 32 * 1024 * 1024;

/** Faults of one world that are told of. */
const MAX_INCIDENTS = 10;

/** Who keeps recordings. It makes nobody wait and never throws: a full disk is no reason to stop a game. */
export interface Recordings {
  /** Begins the file of a world, if it is to be recorded as a whole. */
  begin(map: string, room: string): RecordingSink | undefined;
  /** Takes the file of an incident: the last minutes before it. Each fault is given once per world. */
  keep(map: string, room: string, incident: Incident, file: Uint8Array[]): void;
}

/** A file that is being written. */
export interface RecordingSink {
  /** Adds bytes to the file. It makes nobody wait: they are written behind the game's back. */
  write(bytes: Uint8Array): void;
  /** Resolves when all is written, or given up. */
  end(): Promise<void>;
}

/** How a world is recorded. */
export interface RecordedWorldOptions {
  /** The id of its room. */
  room?: string;
  /** Where recordings go. Without it nothing is recorded. */
  recordings?: Recordings;
  /** When the world starts: ms since 1970. */
  startedAt?: number;
  /** An input that asks for nothing, with all fields that an input can have. */
  blankInput: Input;
}

/** A world on one map whose inputs are recorded: the last minutes in memory, and all of them in a file if there is one. */
export class RecordedWorld extends World {
  readonly #map: WorldMap;
  readonly #random: SeededRandom;
  readonly #room: string;
  readonly #recordings: Recordings | undefined;
  readonly #sink: RecordingSink | undefined;
  readonly #ring = new Ring(RING_TICKS, RING_BYTES);
  readonly #header: Header;
  readonly #recorder: Recorder | undefined;
  #checkedAt = 0;
  /** The faults that were told of, so that one in each tick is one and no more. */
  readonly #told = new Set<string>();

  constructor(map: WorldMap, seed: number, { room = "", recordings, startedAt = 0, blankInput }: RecordedWorldOptions) {
    const random = seededRandom(seed);
    super(map, random);
    this.#map = map;
    this.#random = random;
    this.#room = room;
    this.#recordings = recordings;
    // Now, and not when something is wrong with the map.
    this.#header = headerOf(map, seed, startedAt, blankInput);
    if (!recordings) return;
    this.#sink = recordings.begin(map.name, room);
    this.#sink?.write(fileHeader(this.#header, 0));
    this.#recorder = new Recorder((bytes, kind, tick) => {
      this.#ring.add(bytes, kind, tick);
      this.#sink?.write(bytes);
    }, blankInput);
    this.#recorder.snapshot(random.state, []);
  }

  override join(id: string, body: Body, before?: Spot): void {
    this.#recorder?.call("join", id, body, before && { x: before.x, y: before.y });
    super.join(id, body, before);
  }

  override leave(id: string): void {
    this.#recorder?.call("leave", id);
    super.leave(id);
  }

  override clearQueue(id: string): void {
    this.#recorder?.call("clearQueue", id);
    super.clearQueue(id);
  }

  override queueMove(id: string, input: Input): boolean {
    this.#recorder?.move(id, input);
    return super.queueMove(id, input);
  }

  /** One tick, as any world's, but a step that throws is an incident, and all others are taken. */
  override tick(nextInput: NextInput): void {
    const recorder = this.#recorder;
    if (!recorder) {
      super.tick(nextInput);
      return;
    }
    const faults: Omit<Incident, "tick">[] = [];
    super.tick(
      (id) => {
        const input = nextInput(id);
        if (input !== undefined) recorder.input(id, input);
        return input;
      },
      (player, error) => faults.push({ player, fault: stepFailure(error) }),
    );
    recorder.ticked();
    if (recorder.tick % TICK_HZ === 0) faults.push(...this.#broken(recorder));
    for (const fault of faults) this.#tell({ tick: recorder.tick, ...fault });
    if (recorder.tick % TICK_HZ === 0) this.#check(recorder);
    if (recorder.tick % SNAPSHOT_TICKS === 0 || this.#ring.isFull) {
      recorder.snapshot(this.#random.state, [...this.players()]);
    }
  }

  /** Ends the recording; the world will tick no more. */
  async end(): Promise<void> {
    if (!this.#recorder) return;
    this.#check(this.#recorder);
    this.#sink?.write(this.#recorder.end());
    await this.#sink?.end();
  }

  #check(recorder: Recorder): void {
    recorder.check([...this.players()]);
    this.#checkedAt = recorder.tick;
  }

  /** The players for whom something is true that cannot be. */
  *#broken(recorder: Recorder): Iterable<Omit<Incident, "tick">> {
    for (const { id, body } of this.players()) {
      const fault = invariantViolation(body, this.#map, recorder.lastSeen(id), recorder.tick - this.#checkedAt);
      if (fault) yield { player: id, fault };
    }
  }

  #tell(incident: Incident): void {
    const recorder = this.#recorder;
    // Two players in one wall, or one in two walls, have the same fault: only the numbers differ.
    const fault = incident.fault.replace(/\d+/g, "0");
    if (!recorder || this.#told.has(fault) || this.#told.size >= MAX_INCIDENTS) return;
    this.#told.add(fault);
    this.#check(recorder);
    const header = fileHeader({ ...this.#header, incident }, this.#ring.firstTick);
    const file = [header, ...this.#ring.frames(), recorder.end()];
    this.#recordings?.keep(this.#map.name, this.#room, incident, file);
  }
}
