// Announces to screen readers which players come into sight and leave it, at most once per INTERVAL_MS.
import { messages } from "./language.ts";

/** Minimum milliseconds between two announcements. A player who comes and goes between them is not announced. */
const INTERVAL_MS = 6000;

/** Collects arrivals and departures until the next announcement is due. */
export class Announcer {
  readonly #say: (sentence: string) => void;
  /** Names of the players who were in sight at the last announcement, by id; undefined before the first one. */
  #announced: Map<string, string> | undefined;
  #nextAt = 0;
  #greeting = "";

  constructor(say: (sentence: string) => void) {
    this.#say = say;
  }

  /** Starts over in another room: the next announcement greets, and names the map and the number of players. */
  reset(greeting = ""): void {
    this.#greeting = greeting;
    this.#announced = undefined;
    this.#nextAt = 0;
  }

  /**
   * Announces what changed since the last announcement, if one is due at `now`.
   * @param own the id of the own player, who is one of `players`.
   * @param players all players in sight.
   */
  update(own: string, players: Iterable<[string, { name: string }]>, map: string, now: number): void {
    if (now < this.#nextAt) return;
    const seen = new Map([...players].map(([id, { name }]) => [id, name]));
    const { joined, came, cameMany, gone, goneMany } = messages();
    const before = this.#announced;
    if (!before) {
      this.#announce([this.#greeting, joined(seen.size, map)], seen, now);
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
