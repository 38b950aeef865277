// The paths of WebSockets.
import type { IncomingMessage } from "node:http";

/** The path of plain WebSockets, which need no SDK. */
export const PLAIN_PATH = "/websocket";

/** The framework's WebSocket paths: `/PROCESS_ID/ROOM_ID` joins a room, `/` is the SDK's latency probe. */
const ROOM_PATH = /^\/(?:[\w-]+\/([\w-]+))?$/;

/** Returns the path of a request, without the query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0]!;
}

/**
 * Whether the framework should handle a path. A path with a room id such as `constructor` is excluded, because the
 * framework would log an error for it.
 */
export function isRoomPath(path: string): boolean {
  const match = ROOM_PATH.exec(path);
  return match !== null && !(match[1] !== undefined && match[1] in Object.prototype);
}

/**
 * Whether a request has the URL of a player's WebSocket: the path of the plain protocol, or the URL of a seat in a
 * room.
 */
export function isSocketRequest(request: IncomingMessage): boolean {
  const path = pathOf(request);
  return path === PLAIN_PATH || (isRoomPath(path) && claimedSeatOf(request).sessionId !== undefined);
}

/** The seat that a WebSocket wants to claim. */
export interface ClaimedSeat {
  roomId: string | undefined;
  sessionId: string | undefined;
  reconnectionToken: string | undefined;
}

/** Returns the seat that is named in a WebSocket request. */
export function claimedSeatOf(request: IncomingMessage): ClaimedSeat {
  const query = new URLSearchParams(request.url?.split("?", 2)[1]);
  return {
    roomId: ROOM_PATH.exec(pathOf(request))?.[1],
    sessionId: query.get("sessionId") ?? undefined,
    reconnectionToken: query.get("reconnectionToken") ?? undefined,
  };
}
