// The chat: a player can send a text, or a wave of the hand, to all players in its sight. The chat checks the sender,
// the rate and the text.
import type { Client, MessageContext } from "colyseus";
import type { ErrorName } from "../schema/errors.ts";
import { SAY_BURST, SAY_INTERVAL_MS, SAY_LIMITS } from "../schema/protocol.ts";
import type { RoomObserver, SayOutcome } from "./observer.ts";
import type { PlayerSession, Sessions } from "./player-session.ts";
import { textProblem } from "./visible-text.ts";

/** The part of a room that its chat uses. */
export interface ChatRoom {
  /** Sends a message to all clients that have the player of the session `sessionId` in sight. */
  toSight(sessionId: string, type: string, content: object): void;
  /** Answers a client's message with an error. */
  sendError(client: Client, error: ErrorName, context?: MessageContext, message?: string): void;
}

/** The chat of one room. A refused text or wave is answered with an error, and the connection stays open. */
export class Chat {
  readonly #room: ChatRoom;
  readonly #sessions: Sessions;
  readonly #observer: RoomObserver | undefined;
  /**
   * By session: the time in ms from which the player may again send SAY_BURST texts or waves at once. Each text or wave
   * postpones this time by SAY_INTERVAL_MS. A session survives reconnections.
   */
  readonly #recoveredAt = new WeakMap<PlayerSession, number>();

  constructor(room: ChatRoom, { sessions, observer }: { sessions: Sessions; observer?: RoomObserver }) {
    this.#room = room;
    this.#sessions = sessions;
    this.#observer = observer;
  }

  /** Called when a client says a text. Sends the text to all clients that have the client's player in sight. */
  say(client: Client, text: unknown, context: MessageContext): void {
    if (!this.#maySpeak(client, context)) return;
    const trimmed = typeof text === "string" ? text.trim() : undefined;
    const problem = trimmed === undefined ? "`text` must be text." : textProblem("text", trimmed, SAY_LIMITS);
    if (problem === undefined) this.#send(client, "say", { id: client.sessionId, text: trimmed });
    else this.#refuse(client, "badSay", context, problem);
  }

  /** Called when a client waves. Sends the wave to all clients that have the client's player in sight. */
  wave(client: Client, context: MessageContext): void {
    if (this.#maySpeak(client, context)) this.#send(client, "wave", { id: client.sessionId });
  }

  /**
   * Whether a client may send a text or a wave. Sends the client an error if its text or wave is refused. Invalid texts
   * also count towards the rate limit.
   */
  #maySpeak(client: Client, context: MessageContext): boolean {
    const session = this.#sessions.get(client.sessionId);
    if (!session) return false;
    const refusal = this.#isTooFast(session)
      ? "tooManySays"
      : this.#sessions.mutes.isMuted(session.identity)
        ? "muted"
        : undefined;
    if (refusal) this.#refuse(client, refusal, context);
    return refusal === undefined;
  }

  /** Whether one more text or wave exceeds the rate limit of a session. Counts the text or wave if it does not. */
  #isTooFast(session: PlayerSession): boolean {
    const now = performance.now();
    const recoveredAt = Math.max(this.#recoveredAt.get(session) ?? 0, now) + SAY_INTERVAL_MS;
    if (recoveredAt - now > SAY_BURST * SAY_INTERVAL_MS) return true;
    this.#recoveredAt.set(session, recoveredAt);
    return false;
  }

  #send(client: Client, type: string, content: object): void {
    this.#room.toSight(client.sessionId, type, content);
    this.#observer?.said("sent");
  }

  #refuse(client: Client, error: Exclude<SayOutcome, "sent">, context: MessageContext, message?: string): void {
    this.#room.sendError(client, error, context, message);
    this.#observer?.said(error);
  }
}
