// What tests may read of the page, as `window.sabang`. The page itself never reads it.
import type { Session } from "./session.ts";

/** A place in world units. */
interface Place {
  x: number;
  y: number;
}

/** The page's test hook: everything is as of now, nothing can be written. */
interface TestHook {
  /** The own player's id; undefined before the first join. */
  readonly sessionId: string | undefined;
  /** Whether the connection stands and keys have an effect. */
  readonly connected: boolean;
  /** The own player as predicted, in whole units; undefined while not connected, as are the next three. */
  readonly self: Place | undefined;
  /** Where the own player is drawn. */
  readonly shown: Place | undefined;
  /** Where its ghost is drawn; undefined while there is none. */
  readonly ghost: Place | undefined;
  /** Where the server has the own player. */
  readonly server: Place | undefined;
  /** Everybody in sight as the server has them, the own player included. */
  readonly players: Readonly<Record<string, Place & { name: string }>>;
  /** Units by which the server put the own player elsewhere than predicted, added up since the join. */
  readonly drift: number;
  /** Inputs sent that the server has not answered. */
  readonly unacknowledged: number;
  /** The last measured round trip of the network in milliseconds; 0 before the first one. */
  readonly rtt: number;
  /** How often the page came back after it had lost its connection, by reconnecting or by joining again. */
  readonly reconnects: number;
  /** The part of the world that the screen shows; undefined before the first frame. */
  readonly view: { left: number; top: number; width: number; height: number } | undefined;
}

/** Where the hook looks when it is asked. */
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
  const copy = (place: Place | undefined) => place && { x: place.x, y: place.y };
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
      return Object.fromEntries([...players].map(([id, { x, y, name }]) => [id, { x, y, name }]));
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
