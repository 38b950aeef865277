// Tells screen readers which players have come into the sight of the user's player or gone out of it, at most once per
// INTERVAL_MS. Also tells them which texts these players say.
import { messages } from "./language.ts";

/**
 * Minimum time in milliseconds between two announcements of arrivals and departures. A player who comes and goes
 * between two announcements is not announced.
 */
const INTERVAL_MS = 6000;

/**
 * SAID_INTERVAL_MS is the minimum time in milliseconds between two announcements of texts that players say. MAX_SAID is
 * the maximum number of texts in one announcement.
 */
const SAID_INTERVAL_MS = 1500;
const MAX_SAID = 4;

/** Collects arrivals and departures until the next announcement is due. */
export class Announcer {
  readonly #say: (sentence: string) => void;
  /** Names of the players who were in sight at the last announcement, by id; undefined before the first one. */
  #announced: Map<string, string> | undefined;
  #nextAt = 0;
  #greeting = "";
  #said: string[] = [];
  #nextSaidAt = 0;

  constructor(say: (sentence: string) => void) {
    this.#say = say;
  }

  /** Call this after a join. The next announcement consists of the greeting, the number of players and the map. */
  reset(greeting = ""): void {
    this.#greeting = greeting;
    this.#announced = undefined;
    this.#nextAt = 0;
  }

  /** Adds a sentence about what a player says. The next announcement contains only the last MAX_SAID sentences. */
  said(sentence: string): void {
    this.#said = [...this.#said, sentence].slice(-MAX_SAID);
  }

  /**
   * Makes one announcement if one is due at `now`. If players have said something, announces their texts first, and
   * arrivals and departures in a later call.
   * @param own the id of the user's player, who is one of `players`.
   * @param players all players in sight.
   */
  update(own: string, players: Iterable<[string, { name: string }]>, map: string, now: number): void {
    if (this.#said.length > 0 && now >= this.#nextSaidAt) {
      this.#nextSaidAt = now + SAID_INTERVAL_MS;
      this.#say(this.#said.join(" "));
      this.#said = [];
      return;
    }
    if (now < this.#nextAt) return;
    const seen = new Map([...players].map(([id, { name }]) => [id, name]));
    const { joined, came, cameMany, gone, goneMany } = messages();
    const before = this.#announced;
    if (!before) {
      this.#announce([this.#greeting, joined(seen.size - 1, map)], seen, now);
      return;
    }
    const arrivals = [...seen].filter(([id]) => id !== own && !before.has(id));
    const departures = [...before].filter(([id]) => id !== own && !seen.has(id));
    const sentences = [...describe(arrivals, came, cameMany), ...describe(departures, gone, goneMany)];
    if (sentences.length > 0) this.#announce(sentences, seen, now);
  }

  #announce(sentences: string[], seen: Map<string, string>, now: number): void {
    this.#announced = seen;
    this.#nextAt = now + INTERVAL_MS;
    this.#say(sentences.join(" ").trim());
  }
}

function describe(
  players: [string, string][],
  one: (name: string) => string,
  many: (players: number) => string,
): string[] {
  if (players.length === 0) return [];
  return [players.length === 1 ? one(players[0]![1]) : many(players.length)];
}
