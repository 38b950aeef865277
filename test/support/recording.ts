// A recorded world without a server: a seeded random generator moves the players, and the recording stays in memory.
import type { Incident } from "../../replay/format.ts";
import { RecordedWorld, type Recordings } from "../../replay/recorded-world.ts";
import { BLANK_INPUT } from "../../schema/move-input.ts";
import type { WorldMap } from "../../sim/map.ts";
import { type Random, seededRandom } from "../../sim/random.ts";
import type { Body } from "../../sim/step.ts";

/** Keeps recordings and incidents in memory. */
export class Kept implements Recordings {
  readonly chunks: Uint8Array[] = [];
  readonly incidents: { incident: Incident; file: Uint8Array }[] = [];
  ended = false;

  begin() {
    return {
      write: (bytes: Uint8Array) => {
        this.chunks.push(bytes);
      },
      end: async () => {
        this.ended = true;
      },
    };
  }

  keep(_map: string, _room: string, incident: Incident, file: Uint8Array[]): void {
    this.incidents.push({ incident, file: Buffer.concat(file) });
  }

  get file(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/**
 * Random players in a recorded world. They join, leave, move by messages and inputs, send invalid inputs, or stand
 * still.
 */
export class Bustle {
  readonly kept = new Kept();
  readonly world: RecordedWorld;
  /** Bodies by id. */
  readonly bodies = new Map<string, Body>();
  readonly #random: Random;
  #joined = 0;

  constructor(map: WorldMap, seed: number) {
    this.world = new RecordedWorld(map, seed, {
      room: "room",
      recordings: this.kept,
      startedAt: Date.UTC(2026, 0, 1),
      blankInput: BLANK_INPUT,
    });
    this.#random = seededRandom(seed + 1);
  }

  join(name = "walker", before?: { x: number; y: number }): string {
    const id = `p${this.#joined++}`;
    const body = { name, facing: 4 } as unknown as Body;
    this.world.join(id, body, before);
    this.bodies.set(id, body);
    return id;
  }

  leave(id: string): void {
    this.world.leave(id);
    this.bodies.delete(id);
  }

  /** Plays a number of ticks with about the given number of players. */
  play(ticks: number, players: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      const random = this.#random;
      if (this.bodies.size < players && random(3) === 0) this.join(`이름 ${tick}`);
      if (this.bodies.size > 0 && random(40) === 0) {
        const before = [...this.bodies.values()][0]!;
        this.leave(this.#randomPlayer());
        // A player joins with a saved position: the position of another player.
        this.join("back", { x: before.x, y: before.y });
      }
      for (let move = random(players); move > 0; move--) {
        if (this.bodies.size > 0) this.world.queueMove(this.#randomPlayer(), { direction: 1 + random(4) });
      }
      if (this.bodies.size > 0 && random(20) === 0) this.world.clearQueue(this.#randomPlayer());
      const inputs = new Map(
        [...this.bodies.keys()].map((id) => [id, Array.from({ length: random(3) }, () => ({ direction: random(7) }))]),
      );
      this.world.tick((id) => inputs.get(id)?.shift());
    }
  }

  async end(): Promise<Buffer> {
    await this.world.end();
    return this.kept.file;
  }

  #randomPlayer(): string {
    return [...this.bodies.keys()][this.#random(this.bodies.size)]!;
  }
}
