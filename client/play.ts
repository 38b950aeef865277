// Keeps a player in the room `world`: signs in, joins, reconnects, and joins again whenever the room is lost.
import { CloseCode, MatchMakeError, type Room, ServerError } from "@colyseus/sdk";
import { backoff } from "./backoff.ts";
import { leave, SabangClient } from "./client.ts";
import { Heartbeat } from "./heartbeat.ts";
import { onPageLeft } from "./page.ts";
import { isTokenRefused, SignIn } from "./sign-in.ts";

/** Options of `play`. */
export interface PlayOptions {
  /** Whether to play without signing in. A guest is a new player after each join. */
  guest?: boolean;
  /** The player leaves the room for good if this signal is aborted. */
  signal?: AbortSignal;
  /** Called when a join has failed or a room was lost, before the next join. */
  onTrouble?: (error: Error) => void;
  /** Called about once per second with the network's round-trip time in milliseconds. */
  onRoundTrip?: (milliseconds: number) => void;
}

/**
 * The first and the last close code after which the client must not rejoin by itself. The five codes of this range
 * mean: taken over, flooding, too slow, idle, kicked.
 */
const FIRST_FINAL = 4312;
const LAST_FINAL = 4316;

/** The HTTP statuses from 400 to 499 after which a later join may succeed. */
const RETRYABLE_STATUSES = [408, 425, 429];

/**
 * Matches the errors of a WebSocket whose upgrade did not reach the server, because a proxy dropped it or the
 * connection was lost.
 */
const UPGRADE_ERRORS = /\[upgrade(Required|Dropped)\]$/;

/** Whether the client must not rejoin by itself after a room was closed with this code. */
function isFinalClose(code: number): boolean {
  return code === CloseCode.CONSENTED || (code >= FIRST_FINAL && code <= LAST_FINAL);
}

/** Returns whether the server has refused a join for a reason that another attempt would not change. */
function isFinalError(error: unknown): boolean {
  if (!isRefusal(error) || error.code >= 500 || RETRYABLE_STATUSES.includes(error.code)) return false;
  return !isTokenRefused(error) && !UPGRADE_ERRORS.test(error.message);
}

/** Whether the server has answered a join with a refusal. If not, the server is unreachable. */
function isRefusal(error: unknown): error is MatchMakeError | ServerError {
  const isFromServer = error instanceof MatchMakeError || error instanceof ServerError;
  return isFromServer && error.code >= 400 && error.code < 1000;
}

/**
 * Plays until the player leaves, another client takes over, or the server disconnects the player for good. Until then
 * the player rejoins after network failures, restarts of the server and other temporary failures, and follows portals.
 *
 * In a browser, the player leaves when the user leaves the page, and rejoins when the browser restores the page.
 * @param server `http://host:port`, or a client, for example one whose `auth.token` was set.
 * @param options the join options: name and map.
 * @param onJoin is called after each join, with a new room.
 * @returns the close code of the last room; 4000 after `room.leave()`.
 * @throws {MatchMakeError} if the server refuses the join for good, for example because of an unknown map.
 */
export async function play<State = unknown>(
  server: string | SabangClient,
  options: { name?: string; map?: string },
  onJoin: (room: Room<unknown, State>) => void,
  { guest = false, signal, onTrouble, onRoundTrip }: PlayOptions = {},
): Promise<number> {
  const client = typeof server === "string" ? new SabangClient(server) : server;
  const signIn = guest ? undefined : new SignIn(client);
  let room: Room<unknown, State> | undefined;
  /** Resolves when the user is back on the page; undefined while the user is on the page. */
  let away: PromiseWithResolvers<void> | undefined;
  /** The room that was left because the user left the page. The user may return before this room has closed. */
  let leftWithPage: typeof room;
  const leavePage = () => {
    away ??= Promise.withResolvers();
    leftWithPage = room;
    if (room) leave(room);
  };
  const stopWatching = onPageLeft(leavePage, () => {
    away?.resolve();
    away = undefined;
  });
  const aborted = new Promise<number>((resolve) => {
    const abort = () => {
      if (room) leave(room);
      resolve(CloseCode.CONSENTED);
    };
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
  });

  /** The map that the player is on or goes to. */
  let { map } = options;
  /** The token from a portal's message. The next join uses it once, to arrive where the portal leads. */
  let arrival: string | undefined;

  try {
    for (let attempt = 0; !signal?.aborted; ) {
      await away?.promise;
      const isArriving = arrival !== undefined;
      try {
        await signIn?.prepare();
        room = await client.joinOrCreate<State>("world", { ...options, map, arrival });
      } catch (error) {
        // If this join used a portal's arrival token, the token may have expired. So even after a final error, the
        // client joins again, without the token.
        if (isFinalError(error) && !isArriving) throw error;
        signIn?.failed(error);
        onTrouble?.(error as Error);
        await pause(backoff(attempt++, isRefusal(error)), signal);
        continue;
      } finally {
        arrival = undefined;
      }
      attempt = 0;
      signIn?.joined();
      const left = new Promise<number>((resolve) => room!.onLeave(resolve));
      new Heartbeat(room, onRoundTrip);
      const current = room;
      // Without this listener, the SDK would warn about each message that the program does not handle, such as other
      // players' texts.
      current.onMessage("*", () => {});
      current.onMessage("portal", (portal: { map: string; arrival: string }) => {
        ({ map, arrival } = portal);
        leave(current);
      });
      onJoin(room);
      // During the join, the user may have left the page, or the program may have aborted the signal.
      if (away) leavePage();
      else if (signal?.aborted) leave(room);
      const code = await Promise.race([left, aborted]);
      const isLeftWithPage = room === leftWithPage;
      room = undefined;
      if (isLeftWithPage || arrival !== undefined) continue;
      if (isFinalClose(code)) return code;
      onTrouble?.(new Error(`The server closed the connection with ${code}.`));
      await pause(backoff(0, false), signal);
    }
    return CloseCode.CONSENTED;
  } finally {
    stopWatching();
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
