// The maps that bots walk on, fetched from the server they play on, each once.
import { readMap, type WorldMap } from "../sim/map.ts";

/** A server that cannot be played on, and why, as a sentence. */
export class ServerUnavailableError extends Error {}

/** The maps of one server. */
export class MapCache {
  readonly #url: URL;
  readonly #maps = new Map<string, Promise<WorldMap>>();

  /** @param url of the server: `http://host:port`, with a path if a proxy puts it below one. */
  constructor(url: string) {
    this.#url = new URL(url.endsWith("/") ? url : `${url}/`);
  }

  /**
   * The map of that name.
   * @throws {ServerUnavailableError} if no server answers, or it has no such map. @throws {MapError} if nobody can play on it.
   */
  get(name: string): Promise<WorldMap> {
    const map = this.#maps.get(name) ?? this.#load(name);
    this.#maps.set(name, map);
    map.catch(() => this.#maps.delete(name));
    return map;
  }

  async #load(name: string): Promise<WorldMap> {
    const url = new URL(`maps/${encodeURIComponent(name)}.tmj`, this.#url);
    const response = await fetch(url).catch((error: Error) => {
      const why = (error.cause as Error | undefined)?.message || error.message;
      throw new ServerUnavailableError(
        `no server answers at ${this.#url.href} (${why}): start one with npm start, or give --url`,
      );
    });
    if (response.status === 404)
      throw new ServerUnavailableError(`the server at ${this.#url.href} has no map "${name}"`);
    if (!response.ok) throw new ServerUnavailableError(`${url.href} was answered with ${response.status}`);
    const file = await response.json().catch(() => {
      throw new ServerUnavailableError(`what answers at ${this.#url.href} is no sabang server: it has no maps`);
    });
    return readMap(name, file);
  }
}
