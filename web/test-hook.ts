// The state of the page that tests read, as `window.sabang`. The page itself never uses it.
import type { Session } from "./session.ts";

/** A position in units of the world. */
interface Position {
  x: number;
  y: number;
}

/** The page's test hook. All properties are current and read-only. */
interface TestHook {
  /** The id of the user's player; undefined before the first join. */
  readonly sessionId: string | undefined;
  /** Whether the connection is open and keys have an effect. */
  readonly connected: boolean;
  /**
   * The predicted position of the user's player, in whole units. `self`, `shown` and `server` are undefined while
   * `connected` is false.
   */
  readonly self: Position | undefined;
  /** The drawn position of the user's player. */
  readonly shown: Position | undefined;
  /** The drawn position of the ghost; undefined without a ghost. */
  readonly ghost: Position | undefined;
  /** The position of the user's player on the server. */
  readonly server: Position | undefined;
  /** All players in sight as the server has them, including the user's player. */
  readonly players: Readonly<Record<string, Position & { name: string; look: number }>>;
  /** Sum of the units by which the server has corrected the prediction since the join. */
  readonly drift: number;
  /** Number of inputs that the server has not acknowledged yet. */
  readonly unacknowledged: number;
  /** The last measured round trip of the network in milliseconds; 0 before the first measurement. */
  readonly rtt: number;
  /** Number of times that the page has recovered from a lost connection, by reconnecting or by joining again. */
  readonly reconnects: number;
  /** The part of the world that the screen shows; undefined before the first frame. */
  readonly view: { left: number; top: number; width: number; height: number } | undefined;
}

/** Sources of the hook's properties. */
interface Sources {
  session: () => Session | undefined;
  reconnects: () => number;
  view: () => TestHook["view"];
}

declare global {
  interface Window {
    sabang: TestHook;
  }
}

/** Puts the test hook on the window. */
export function exposeTestHook({ session, reconnects, view }: Sources): void {
  const copy = (position: Position | undefined) => position && { x: position.x, y: position.y };
  window.sabang = Object.freeze<TestHook>({
    get sessionId() {
      return session()?.room.sessionId;
    },
    get connected() {
      return session()?.connected ?? false;
    },
    get self() {
      return copy(session()?.self);
    },
    get shown() {
      return copy(session()?.connected ? session()?.shown : undefined);
    },
    get ghost() {
      return copy(session()?.ghost);
    },
    get server() {
      return copy(session()?.confirmed);
    },
    get players() {
      const players = session()?.connected ? (session()?.room.state.players ?? []) : [];
      return Object.fromEntries([...players].map(([id, { x, y, name, look }]) => [id, { x, y, name, look }]));
    },
    get drift() {
      return session()?.drift ?? 0;
    },
    get unacknowledged() {
      return session()?.unacknowledged ?? 0;
    },
    get rtt() {
      return session()?.roundTrip.last ?? 0;
    },
    get reconnects() {
      return reconnects();
    },
    get view() {
      return view();
    },
  });
}
