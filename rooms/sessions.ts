// Who is here: a player that is known has one session, and thereby one body, in all rooms of the process.

interface Session {
  readonly sessionId: string;
  readonly end: () => void;
}

/** The one session of each player. */
export class Sessions {
  readonly #current = new Map<string, Session>();

  /**
   * Makes a session a player's only one. The one before is ended first, so at no moment there are two.
   * @param end takes the body out of the world before it returns, for when yet another session comes.
   */
  begin(player: string, sessionId: string, end: () => void): void {
    this.#current.get(player)?.end();
    this.#current.set(player, { sessionId, end });
  }

  /** Whether no other session has begun since. */
  isCurrent(player: string, sessionId: string): boolean {
    return this.#current.get(player)?.sessionId === sessionId;
  }

  /** The session is over. If it has been taken over already there is nothing to do. */
  finish(player: string, sessionId: string): void {
    if (this.isCurrent(player, sessionId)) this.#current.delete(player);
  }
}
