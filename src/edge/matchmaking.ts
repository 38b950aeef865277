// Restricts the framework's matchmaking over HTTP, completes its refusals and reports them. The framework keeps its
// controller in a module, so these functions affect the whole process.
import { matchMaker, type ServerError } from "colyseus";
import { ERRORS, errorBody, nameOfError, type SentError, sentError } from "../../schema/errors.ts";
import type { Origins } from "./origins.ts";

/** Matchmaking methods that clients may call. `create` is missing: clients must not decide how many rooms there are. */
const METHODS = ["joinOrCreate", "join", "joinById", "reconnect"];

/** The `Retry-After` of a 503, in seconds. */
const RETRY_SECONDS = 10;

/** Called for each refusal, with the address that it counts for. */
export type OnRefused = (error: SentError, address: string | undefined) => void;

/** Restricts matchmaking to the methods above and to the allowed origins. */
export function configureMatchmaking(origins: Pick<Origins, "corsHeaders">): void {
  matchMaker.controller.exposedMethods = METHODS;
  matchMaker.controller.getCorsHeaders = (headers) => origins.corsHeaders(headers.get("origin"));
}

/** Reports all refusals of joins over HTTP from now on, including those of the framework. */
export function watchMatchmaking(onRefused: OnRefused): void {
  const { controller } = matchMaker;
  const invoke = controller.invokeMethod.bind(controller);
  controller.invokeMethod = (...call) =>
    invoke(...call).catch((error: ServerError) => {
      // The request filter has set this address. The framework's own detection trusts headers that clients can forge.
      onRefused(error, call[3]?.ip?.toString());
      throw error;
    });
}

/**
 * Refuses matchmaking requests while the server stops. The framework's own answer would have no body. For it, the SDK
 * would throw a SyntaxError instead of an error with a code.
 * @returns undefined for requests that the framework should answer.
 */
export function refuseWhileStopping(request: Request, onRefused: OnRefused): Response | undefined {
  const { state, MatchMakerState, controller } = matchMaker;
  if (state !== MatchMakerState.SHUTTING_DOWN) return undefined;
  if (!new URL(request.url).pathname.startsWith(`/${controller.matchmakeRoute}/`)) return undefined;
  onRefused(sentError("stopping"), request.headers.get("x-real-ip") ?? undefined);
  const status = ERRORS.stopping.code;
  return Response.json(errorBody("stopping"), { status, headers: { "Retry-After": String(RETRY_SECONDS) } });
}

/** Adds the error's name to a refusal of the framework's router, and `Retry-After` if it is a 503. */
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
  if (status === ERRORS.busy.code) headers.set("Retry-After", String(RETRY_SECONDS));
  return Response.json({ code, name: nameOfError({ code, message: error }), error }, { status, headers });
}
