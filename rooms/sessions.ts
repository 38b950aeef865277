// Who is here: a player that is known has one session, and thereby one body, in all rooms of the process.
import { setImmediate as otherWork } from "node:timers/promises";

/** What a session can be asked and told. */
interface SessionEnds {
  /** Takes the body out of the world before it returns, for when yet another session comes. */
  end(): void;
  /** Whether it has one of the places of a full room on this map. */
  fills(map: string): boolean;
}

interface Session extends SessionEnds {
  readonly sessionId: string;
  readonly over: PromiseWithResolvers<void>;
}

/** The one session of each player. */
export class Sessions {
  readonly #current = new Map<string, Session>();

  /** Makes a session a player's only one. The one before is ended first, so at no moment there are two. */
  begin(player: string, sessionId: string, ends: SessionEnds): void {
    const before = this.#current.get(player);
    before?.end();
    before?.over.resolve();
    this.#current.set(player, { sessionId, ...ends, over: Promise.withResolvers() });
  }

  /** Whether a player is here, connected or with a seat that is held. */
  has(player: string): boolean {
    return this.#current.has(player);
  }

  /** Whether no other session has begun since. */
  isCurrent(player: string, sessionId: string): boolean {
    return this.#current.get(player)?.sessionId === sessionId;
  }

  /**
   * Ends a player's session if its place is wanted by the player's own next one: the room would count it as taken, and
   * who only loaded the page anew would be sent to another room, away from everybody it stood among.
   */
  async freeSeatForRejoin(player: string, map: string): Promise<void> {
    const session = this.#current.get(player);
    if (!session?.fills(map)) return;
    session.end();
    await session.over.promise;
    // The framework opens the room again right after this.
    await otherWork();
  }

  /** The session is over. If it has been taken over already there is nothing to do. */
  finish(player: string, sessionId: string): void {
    const session = this.#current.get(player);
    if (session?.sessionId !== sessionId) return;
    this.#current.delete(player);
    session.over.resolve();
  }
}
