// The maps that bots walk on. Each is fetched once from the server on which the bots play.
import { createMap, type WorldMap } from "../sim/map.ts";

/** Thrown if bots cannot play on a server. The message contains the reason. */
export class ServerUnavailableError extends Error {}

/** The maps of one server. */
export class MapCache {
  readonly #url: URL;
  readonly #maps = new Map<string, Promise<WorldMap>>();

  /** @param url `http://host:port` of the server, followed by a path if a proxy serves the server below that path. */
  constructor(url: string) {
    this.#url = new URL(url.endsWith("/") ? url : `${url}/`);
  }

  /**
   * Returns the map with this name.
   * @throws {ServerUnavailableError} if no server responds, or the server has no such map.
   * @throws {MapError} if the map is invalid.
   */
  get(name: string): Promise<WorldMap> {
    const map = this.#maps.get(name) ?? this.#load(name);
    this.#maps.set(name, map);
    map.catch(() => this.#maps.delete(name));
    return map;
  }

  async #load(name: string): Promise<WorldMap> {
    const url = new URL(`maps/${encodeURIComponent(name)}.json`, this.#url);
    const response = await fetch(url).catch((error: Error) => {
      const reason = (error.cause as Error | undefined)?.message || error.message;
      throw new ServerUnavailableError(
        `no server answers at ${this.#url.href} (${reason}); start one with npm start, or give its address with --url`,
      );
    });
    if (response.status === 404)
      throw new ServerUnavailableError(`the server at ${this.#url.href} has no map "${name}"; give another with --map`);
    if (!response.ok)
      throw new ServerUnavailableError(`loading the map failed: ${url.href} returned ${response.status}`);
    const description = await response.json().catch(() => {
      throw new ServerUnavailableError(
        `the server at ${this.#url.href} is not a sabang server: ${url.href} is not JSON`,
      );
    });
    return createMap(description);
  }
}
