// A world that is recorded. It behaves like any other world, and records its calls and inputs in order.
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

/** Minimum ticks that the ring buffer keeps: two minutes, or all ticks of a younger world. */
const RING_MIN_TICKS = 120 * TICK_HZ;

/** Maximum bytes of the ring buffer. It takes precedence over RING_MIN_TICKS. */
const RING_MAX_BYTES = 32 * 1024 * 1024;

/** Maximum incidents that one world reports. */
const MAX_INCIDENTS = 10;

/** Stores recordings. Its methods must not block and must not throw, because a full disk must not stop a game. */
export interface Recordings {
  /** Starts a file for all ticks of a world. Returns undefined if no such file should or can be written. */
  begin(map: string, room: string): RecordingSink | undefined;
  /** Saves the recording of the last minutes before an incident. Called once per world and kind of fault. */
  keep(map: string, room: string, incident: Incident, file: Uint8Array[]): void;
}

/** A recording that is being written. */
export interface RecordingSink {
  /** Appends bytes. Returns at once, and writes them asynchronously. */
  write(bytes: Uint8Array): void;
  /** Resolves when all bytes are written, or when writing has failed. */
  end(): Promise<void>;
}

/** The recording options of a world. */
export interface RecordedWorldOptions {
  /** The id of the world's room. */
  room?: string;
  /** Stores the recordings. The world is not recorded if this is undefined. */
  recordings?: Recordings;
  /** The time at which the world starts: ms since 1970. */
  startedAt?: number;
  /** A no-op input with all fields that an input can have. */
  blankInput: Input;
}

/**
 * A world that records itself. It keeps the last minutes in memory, and writes all ticks to its sink, if it has one.
 */
export class RecordedWorld extends World {
  readonly #map: WorldMap;
  readonly #random: SeededRandom;
  readonly #room: string;
  readonly #recordings: Recordings | undefined;
  readonly #sink: RecordingSink | undefined;
  readonly #ring = new Ring(RING_MIN_TICKS, RING_MAX_BYTES);
  readonly #header: Header;
  readonly #recorder: Recorder | undefined;
  #checkedAt = 0;
  /** The reported faults. A fault that occurs in every tick is reported only once. */
  readonly #reported = new Set<string>();

  constructor(map: WorldMap, seed: number, { room = "", recordings, startedAt = 0, blankInput }: RecordedWorldOptions) {
    const random = seededRandom(seed);
    super(map, random);
    this.#map = map;
    this.#random = random;
    this.#room = room;
    this.#recordings = recordings;
    // `headerOf` hashes the map. Call it now, because during an incident the map itself may be broken.
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

  /**
   * Runs one tick. In a recorded world, a step that throws becomes an incident, and the other players still move. In an
   * unrecorded world, the tick stops and throws the error.
   */
  override tick(nextInput: NextInput): void {
    const recorder = this.#recorder;
    if (!recorder) {
      super.tick(nextInput);
      return;
    }
    const incidents: Omit<Incident, "tick">[] = [];
    super.tick(
      (id) => {
        const input = nextInput(id);
        if (input !== undefined) recorder.input(id, input);
        return input;
      },
      (player, error) => incidents.push({ player, fault: stepFailure(error) }),
    );
    recorder.ticked();
    if (recorder.tick % TICK_HZ === 0) incidents.push(...this.#violations(recorder));
    for (const incident of incidents) this.#report({ tick: recorder.tick, ...incident });
    if (recorder.tick % TICK_HZ === 0) this.#check(recorder);
    if (recorder.tick % SNAPSHOT_TICKS === 0 || this.#ring.isFull) {
      recorder.snapshot(this.#random.state, [...this.players()]);
    }
  }

  /** Ends the recording. The world must not tick after this call. */
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

  /** Yields the players whose bodies violate an invariant. */
  *#violations(recorder: Recorder): Iterable<Omit<Incident, "tick">> {
    for (const { id, body } of this.players()) {
      const fault = invariantViolation(body, this.#map, recorder.lastPose(id), recorder.tick - this.#checkedAt);
      if (fault) yield { player: id, fault };
    }
  }

  #report(incident: Incident): void {
    const recorder = this.#recorder;
    // Faults that differ only in their numbers, such as the coordinates of players in walls, count as one fault.
    const fault = incident.fault.replace(/\d+/g, "0");
    if (!recorder || this.#reported.has(fault) || this.#reported.size >= MAX_INCIDENTS) return;
    this.#reported.add(fault);
    this.#check(recorder);
    const header = fileHeader({ ...this.#header, incident }, this.#ring.firstTick);
    const file = [header, ...this.#ring.frames(), recorder.end()];
    this.#recordings?.keep(this.#map.name, this.#room, incident, file);
  }
}
