// The players that the user has muted. Their session ids are kept until the browser's tab is closed. Keeping them
// longer would have no effect, because every join has a new session id.

const STORAGE_KEY = "sabang-muted";

/** Maximum number of muted players. Muting an additional player ends the oldest mute. */
const MAX_PLAYERS = 200;

/** The muted players, by session id. */
export class MutedPlayers {
  readonly #storage: Pick<Storage, "getItem" | "setItem"> | undefined;
  readonly #ids: Set<string>;

  /** @param storage keeps the players across reloads; undefined if the browser does not let the page use it. */
  constructor(storage: Pick<Storage, "getItem" | "setItem"> | undefined) {
    this.#storage = storage;
    this.#ids = new Set((storage?.getItem(STORAGE_KEY) ?? "").split(" ").filter((id) => id !== ""));
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Mutes a player, or ends the mute of a muted player. @returns whether the player is muted now. */
  toggle(id: string): boolean {
    if (!this.#ids.delete(id)) this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_PLAYERS && oldest !== undefined) this.#ids.delete(oldest);
    this.#storage?.setItem(STORAGE_KEY, [...this.#ids].join(" "));
    return this.#ids.has(id);
  }
}
