// The invitations with which players let their friends join beside them.

/** The lifetime of an invitation in ms: a day. The day begins again if the player asks for the invitation again. */
const LIFETIME_MS = 24 * 3600 * 1000;

/** Maximum invitations of the process. A further invitation ends the oldest one. */
const MAX_INVITATIONS = 10_000;

interface Invitation {
  readonly id: string;
  readonly endsAt: number;
}

/**
 * The invitations to all rooms of the process, at most one per player. A player is named by its player id, or by its
 * session id if it is a guest. An invitation is a random text, so it says nothing about the player.
 */
export class Invitations {
  /** The invitations by player, oldest first. */
  readonly #ofPlayer = new Map<string, Invitation>();
  /** The players by the id of their invitation. */
  readonly #hosts = new Map<string, string>();

  /** Returns the id of a player's invitation, which is valid for a day from now on. A valid invitation keeps its id. */
  issue(player: string, now = Date.now()): string {
    const { id } = this.#current(player, now) ?? { id: crypto.randomUUID() };
    this.revoke(player);
    const [oldest] = this.#ofPlayer.keys();
    if (oldest !== undefined && this.#ofPlayer.size >= MAX_INVITATIONS) this.revoke(oldest);
    this.#ofPlayer.set(player, { id, endsAt: now + LIFETIME_MS });
    this.#hosts.set(id, player);
    return id;
  }

  /** Ends a player's invitation, if there is one. */
  revoke(player: string): void {
    const invitation = this.#ofPlayer.get(player);
    if (!invitation) return;
    this.#ofPlayer.delete(player);
    this.#hosts.delete(invitation.id);
  }

  /** Returns the player that an invitation leads to; undefined if the invitation has ended. */
  hostOf(id: string, now = Date.now()): string | undefined {
    const player = this.#hosts.get(id);
    return player !== undefined && this.#current(player, now) ? player : undefined;
  }

  #current(player: string, now: number): Invitation | undefined {
    const invitation = this.#ofPlayer.get(player);
    return invitation && invitation.endsAt > now ? invitation : undefined;
  }
}
