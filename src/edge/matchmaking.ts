// Restricts the framework's matchmaking over HTTP, reports matchmaking refusals, and adds missing fields to these
// refusals. The framework keeps its matchmaking controller in a module variable, so these functions affect the whole
// process.
import { matchMaker, type ServerError } from "colyseus";
import { serverError } from "../../rooms/server-error.ts";
import { ERRORS, errorBody, nameOfError, type SentError, sentError } from "../../schema/errors.ts";
import type { ConnectionLimit } from "./connection-limit.ts";
import type { Origins } from "./origins.ts";

/**
 * Matchmaking methods that clients may call. `create` is not among them, because clients must not decide how many rooms
 * there are.
 */
const METHODS = ["joinOrCreate", "join", "joinById", "reconnect"];

/** Seconds after which a client should retry a join that was refused; the value of `Retry-After`. */
const RETRY_SECONDS = 10;

/** Seconds for which a seat in a room of another process waits for its client. */
const REMOTE_SEAT_SECONDS = 15;

/** Called for each refusal, with the client's address. */
export type OnRefused = (error: SentError, address: string | undefined) => void;

/** Restricts matchmaking to METHODS and to the allowed origins. */
export function configureMatchmaking(origins: Pick<Origins, "corsHeaders">): void {
  matchMaker.controller.exposedMethods = METHODS;
  matchMaker.controller.getCorsHeaders = (headers) => origins.corsHeaders(headers.get("origin"));
}

/** Counts each join as a connection of its client's address. */
interface JoinLimit {
  /** @throws {ServerError} if the address has reached its limit of connections. */
  reserve(
    address: string,
    isReturning: () => boolean | Promise<boolean>,
  ): Promise<NonNullable<Awaited<ReturnType<ConnectionLimit["reserve"]>>>>;
}

/**
 * Returns whether a join with this token takes over the session of a player who is connected from the same address. The
 * server closes the old connection of that player during the join.
 */
export type IsTakeover = (token: string | undefined, address: string) => Promise<boolean>;

/** Distinguishes players who replace a connection from new players. */
export interface ReplacedConnections {
  isTakeover: IsTakeover;
  /** Whether a reconnection token belongs to a player whose connection still seems to be open. */
  isConnected(roomId: string | undefined, token: unknown): boolean;
}

/**
 * Limits joins over HTTP from now on. Calls `onRefused` for each join that a room or the framework refuses, but not for
 * joins that `limit` refuses. A client that joins a full room by its id gets the error `roomFull` instead of the
 * framework's error.
 */
export function watchMatchmaking(
  onRefused: OnRefused,
  limit: JoinLimit,
  { isTakeover, isConnected }: ReplacedConnections,
): void {
  const { controller } = matchMaker;
  const invoke = controller.invokeMethod.bind(controller);
  controller.invokeMethod = async (...call) => {
    const [method, target, options, auth] = call;
    // The request filter has set this address. The framework's own detection trusts headers that clients can forge.
    const address = auth?.ip?.toString() ?? "";
    const { reconnectionToken } = (options ?? {}) as { reconnectionToken?: unknown };
    const isReturning = () =>
      method === "reconnect" ? isConnected(target, reconnectionToken) : isTakeover(auth?.token, address);
    const reservation = await limit.reserve(address, isReturning);
    try {
      const seat = (await invoke(...call)) as { roomId: string; sessionId: string };
      const room = matchMaker.getLocalRoomById(seat.roomId);
      reservation.succeeded(seat.sessionId, room?.seatReservationTimeout ?? REMOTE_SEAT_SECONDS);
      return seat;
    } catch (cause) {
      reservation.failed();
      const isFull = method === "joinById" && matchMaker.getLocalRoomById(target)?.locked === true;
      const isRoomFull = isFull && (cause as ServerError).code === ERRORS.roomFull.code;
      const error = isRoomFull ? serverError("roomFull") : (cause as ServerError);
      onRefused(error, address);
      throw error;
    }
  };
}

/** Whether a reconnection token belongs to a player of this process whose connection still seems to be open. */
export function isConnected(roomId: string | undefined, token: unknown): boolean {
  const room = typeof token === "string" && roomId !== undefined ? matchMaker.getLocalRoomById(roomId) : undefined;
  return room !== undefined && [...room.clients].some(({ reconnectionToken }) => reconnectionToken === token);
}

/**
 * Refuses matchmaking requests while the server stops. The framework's own answer has no body. The SDK would therefore
 * throw a SyntaxError instead of an error with a code.
 * @returns the refusal; undefined if the framework should answer the request.
 */
export function refuseWhileStopping(request: Request, onRefused: OnRefused): Response | undefined {
  const { state, MatchMakerState, controller } = matchMaker;
  if (state !== MatchMakerState.SHUTTING_DOWN) return undefined;
  if (!new URL(request.url).pathname.startsWith(`/${controller.matchmakeRoute}/`)) return undefined;
  onRefused(sentError("stopping"), request.headers.get("x-real-ip") ?? undefined);
  const status = ERRORS.stopping.code;
  return Response.json(errorBody("stopping"), { status, headers: { "Retry-After": String(RETRY_SECONDS) } });
}

/** Adds the error's name to a refusal of the framework's router, and `Retry-After` if its status is 429 or 503. */
export async function completeRefusal(response: Response): Promise<Response> {
  const { status } = response;
  if (status < 400) return response;
  const body = (await response
    .clone()
    .json()
    .catch(() => undefined)) as Partial<{ code: number; name: string; error: string }> | undefined;
  if (typeof body?.error !== "string" || body.name !== undefined) return response;
  const { code = status, error } = body;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  if (status === ERRORS.busy.code || status === ERRORS.tooManyConnections.code)
    headers.set("Retry-After", String(RETRY_SECONDS));
  return Response.json({ code, name: nameOfError({ code, message: error }), error }, { status, headers });
}
