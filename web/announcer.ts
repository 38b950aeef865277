// Tells who cannot see the picture who comes into sight and goes: politely, a sentence at a time, and not too often.
import { messages } from "./language.ts";

/** Milliseconds between two announcements, in which what comes and goes again is not worth a word. */
const PAUSE_MS = 6000;

/** Collects what happened until it is time to say it. */
export class Announcer {
  readonly #say: (sentence: string) => void;
  /** Those whom the last announcement left in sight, by id, with their names; undefined before the first one. */
  #known: Map<string, string> | undefined;
  #next = 0;
  #greeting = "";

  constructor(say: (sentence: string) => void) {
    this.#say = say;
  }

  /** Begins anew, in another room: the next announcement tells of all that is there, after a greeting. */
  reset(greeting = ""): void {
    this.#greeting = greeting;
    this.#known = undefined;
    this.#next = 0;
  }

  /** Takes note of who is in sight at `now`, the one with the id `own` among them, and says what is new when it is time. */
  look(own: string, players: Iterable<[string, { name: string }]>, map: string, now: number): void {
    if (now < this.#next) return;
    const seen = new Map([...players].map(([id, { name }]) => [id, name]));
    const { joined, came, cameMany, gone, goneMany } = messages();
    const before = this.#known;
    if (!before) {
      this.#tell([this.#greeting, joined(seen.size, map)], seen, now);
      return;
    }
    const arrivals = [...seen].filter(([id]) => id !== own && !before.has(id));
    const departures = [...before].filter(([id]) => id !== own && !seen.has(id));
    const sentences = [...describe(arrivals, came, cameMany), ...describe(departures, gone, goneMany)];
    if (sentences.length > 0) this.#tell(sentences, seen, now);
  }

  #tell(sentences: string[], seen: Map<string, string>, now: number): void {
    this.#known = seen;
    this.#next = now + PAUSE_MS;
    this.#say(sentences.join(" ").trim());
  }
}

function describe(who: [string, string][], one: (name: string) => string, many: (players: number) => string): string[] {
  if (who.length === 0) return [];
  return [who.length === 1 ? one(who[0]![1]) : many(who.length)];
}
