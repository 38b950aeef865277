// Keeps the page in a room: joins, lets the SDK reconnect, and joins again if the reconnection fails.
import type { Room } from "@colyseus/sdk";
import { backoff } from "../client/backoff.ts";
import { leave, SabangClient } from "../client/client.ts";
import { SignIn } from "../client/sign-in.ts";
import { ERRORS } from "../schema/errors.ts";
import { PROTOCOL_VERSION } from "../schema/protocol.ts";
import type { WorldState } from "../schema/world-state.ts";
import { delayTraffic, type Lag } from "./lag.ts";
import { REMEDIES, type Reason, reasonOfClose, reasonOfError } from "./reasons.ts";
import type { PlayerChoice } from "./settings-panel.ts";
import { isWindowPlayer, playAsWindow } from "./window-player.ts";

/** A room of the server's room type `world`, as the page sees it. */
export type WorldRoom = Room<unknown, WorldState>;

/** Milliseconds within which a joined room must be ready. Without this limit, the page could wait forever. */
const READY_MS = 8000;

/** Callbacks of the connection. */
export interface ConnectionEvents {
  /**
   * Called after a join, with a new session. The join is treated as failed if the returned promise rejects.
   * @param isRecovery whether the page was not in a room before the join; false after a change of the name, the look
   * or the map.
   */
  joined(room: WorldRoom, isRecovery: boolean): Promise<void>;
  /**
   * Called when the page is not in a room. The page is back by itself later if the reason's remedy (see reasons.ts) is
   * `wait`; otherwise nothing happens until the page calls `open`. `error` is the error of a failed join. `note` is the
   * message of an operator who has disconnected the client.
   */
  disconnected(reason: Reason, details: { error?: unknown; note?: string | undefined }): void;
  /** Called after a join if the invitation in the page's URL is no longer valid. */
  invitationEnded(): void;
  /** Called when the SDK has reconnected the same session. */
  reconnected(): void;
  /**
   * Called when the page could not join with a new name or look. The connection retries by itself if the reason's
   * remedy is `wait`; otherwise the player keeps the previous name and look.
   */
  changeFailed(reason: Reason): void;
  /** Called when the page could not join another map, and stays on its map. */
  mapRefused(): void;
}

/** The only connection of the page. */
export class Connection {
  readonly #client: SabangClient;
  #signIn: SignIn;
  readonly #options: PlayerChoice & { map?: string; arrival?: string; friend?: string; protocol: number };
  readonly #lag: Lag;
  readonly #events: ConnectionEvents;
  /** The current room. Late events of earlier rooms are ignored. */
  #room: WorldRoom | undefined;
  /** Immediately sends the frames that are delayed by the simulated lag. */
  #flush = () => {};
  /**
   * The options of the current room while the page tries to join with another name, look or map; otherwise undefined.
   */
  #previous: (PlayerChoice & { map?: string }) | undefined;
  #attempt = 0;
  /** The reason why the page is not in a room; undefined while it is in one. */
  #reason: Reason | undefined;
  /**
   * Whether the server may still receive an earlier join that got no answer. That join would take over the player from
   * a newer join.
   */
  #lateJoinPossible = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Number of the current join. Late results of earlier joins are ignored. */
  #joinId = 0;

  /** @param lag is simulated on the room's socket. */
  constructor(
    endpoint: URL,
    options: PlayerChoice & { map?: string; friend?: string },
    lag: Lag,
    events: ConnectionEvents,
  ) {
    this.#client = new SabangClient(endpoint.href);
    if (isWindowPlayer()) playAsWindow(this.#client);
    this.#signIn = new SignIn(this.#client);
    this.#options = { ...options, protocol: PROTOCOL_VERSION };
    this.#lag = lag;
    this.#events = events;
  }

  /** Joins, and retries until `close`, or until a join fails for a reason that a retry cannot resolve. */
  open(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#join();
  }

  /**
   * Joins again with another name or look. The page stays in its room until the server has accepted the join, so a
   * player whose new name is refused stays in the room. The new session takes over the player, which keeps its
   * position. A busy server does not refuse this join, because the join is a takeover.
   */
  change(choice: PlayerChoice): void {
    this.#replaceOptions(choice);
  }

  /**
   * Joins another map with the same name and look. If the server refuses the join, the page stays in its room.
   * @param arrival the token of a portal. It lets the player arrive at the portal's destination.
   */
  changeMap(map: string, arrival?: string): void {
    const room = this.#room;
    // The player keeps its present name and look, which the server may have chosen.
    const { name, look } = room?.state.players?.get(room.sessionId) ?? this.#options;
    this.#replaceOptions({ name, look, map, arrival });
  }

  /** Joins with other options. The page stays in its room until the server has accepted the join. */
  #replaceOptions(options: PlayerChoice & { map?: string; arrival?: string }): void {
    const { name, look, map } = this.#options;
    this.#previous ??= { name, look, map };
    Object.assign(this.#options, options);
    this.open();
  }

  /** Joins as a new player that only this window controls. The other windows keep the previous player. */
  openAsWindow(): void {
    playAsWindow(this.#client);
    this.#signIn = new SignIn(this.#client);
    Object.assign(this.#options, { name: undefined, look: undefined });
    this.open();
  }

  /** Leaves for good: the server removes the player from the world immediately. */
  close(): void {
    this.#joinId++;
    this.#letGo();
    clearTimeout(this.#timer);
  }

  async #join(): Promise<void> {
    const joinId = ++this.#joinId;
    let room: WorldRoom | undefined;
    let ready: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.#signIn.prepare();
      const { arrival } = this.#options;
      room = await this.#client.joinOrCreate<WorldState>("world", this.#options).finally(() => {
        // The token of a portal is valid for one join. A newer join may already have set another token.
        if (this.#options.arrival === arrival) delete this.#options.arrival;
      });
      if (joinId !== this.#joinId) return leave(room);
      this.#signIn.joined();
      // In later joins, the player returns to its own position and not to its friend.
      delete this.#options.friend;
      this.#letGo();
      this.#enter(room);
      ready = setTimeout(() => this.#fail("lost"), Math.max(READY_MS, this.#client.attemptMs));
      await this.#events.joined(room, this.#previous === undefined);
      if (joinId !== this.#joinId) return;
      this.#attempt = 0;
      this.#reason = undefined;
      this.#previous = undefined;
    } catch (error) {
      if (joinId !== this.#joinId) return;
      const reason = this.#signIn.failed(error) ? "lost" : reasonOfError(error);
      if (this.#room && this.#room !== room) this.#stay(reason);
      else this.#fail(reason, { error });
    } finally {
      clearTimeout(ready);
    }
  }

  /** Makes a room the current one. */
  #enter(room: WorldRoom): void {
    this.#room = room;
    this.#flush = delayTraffic(room, this.#lag);
    const isCurrent = () => room === this.#room;
    room.onDrop(() => {
      if (isCurrent()) this.#events.disconnected("lost", {});
    });
    room.onReconnect(() => {
      if (isCurrent()) this.#events.reconnected();
    });
    let note: string | undefined;
    room.onError((code, message) => {
      if (code === ERRORS.kicked.code) note = message;
      if (code === ERRORS.invitationEnded.code && isCurrent()) this.#events.invitationEnded();
    });
    room.onMessage("portal", ({ map, arrival }: { map: string; arrival: string }) => {
      if (isCurrent()) this.changeMap(map, arrival);
    });
    room.onLeave((code) => {
      if (!isCurrent()) return;
      const reason = reasonOfClose(code);
      // If the page joins with other options, its own join takes over the player. This is not a failure.
      if (reason === "takenOver" && this.#previous) this.#room = undefined;
      else this.#fail(reason, { note });
    });
  }

  /** Stays in the current room, because the join with other options has failed. */
  #stay(reason: Reason): void {
    if (reason === "lost") this.#lateJoinPossible = true;
    // A change of the map is not retried: the user can choose the map again, or walk onto the portal again.
    const isMapChange = this.#options.map !== this.#previous?.map;
    if (isMapChange) this.#events.mapRefused();
    else this.#events.changeFailed(reason);
    if (!isMapChange && REMEDIES[reason] === "wait") this.#retry(reason);
    else this.#restoreOptions();
  }

  /** Reports that the page is not in a room. Schedules a retry if a retry can help. */
  #fail(reason: Reason, details: Parameters<ConnectionEvents["disconnected"]>[1] = {}): void {
    this.#joinId++;
    this.#letGo();
    if (reason === "badName" && this.#previous) {
      this.#restoreOptions();
      this.#events.changeFailed(reason);
      this.open();
      return;
    }
    // Whether an earlier join of this page has taken over the player: the server received that join, but the server's
    // answer was lost.
    const byLateJoin = reason === "takenOver" && this.#lateJoinPossible;
    this.#lateJoinPossible = reason === "lost";
    // A server that restarts is unreachable for a while. Failed joins do not change the reason `restarting` to `lost`.
    if (reason !== "lost" || this.#reason !== "restarting") this.#reason = byLateJoin ? "lost" : reason;
    this.#events.disconnected(this.#reason, details);
    if (REMEDIES[this.#reason] === "wait") this.#retry(this.#reason);
  }

  #retry(reason: Reason): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#join(), backoff(this.#attempt++, isRefusal(reason)));
  }

  #restoreOptions(): void {
    Object.assign(this.#options, this.#previous);
    this.#previous = undefined;
  }

  /** Leaves the current room, and ignores all its later events. */
  #letGo(): void {
    const room = this.#room;
    this.#room = undefined;
    if (room) leave(room);
    // Frames that the simulated lag still delays are sent now, because the page may be closing.
    this.#flush();
    this.#flush = () => {};
  }
}

/** Returns whether the reason is a refusal by the server. For the other reasons, the server is unreachable. */
function isRefusal(reason: Reason): boolean {
  return reason !== "lost" && reason !== "restarting";
}
