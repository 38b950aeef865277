// Joins in a cluster. The process that receives the HTTP request checks the request's address and origin. Then the
// process asks the authority, whose rooms answer the join.
import { type AuthContext, type matchMaker, ServerError } from "colyseus";
import { serverError } from "../../rooms/server-error.ts";
import type { Content } from "./core/ports.ts";
import type { JoinLimits } from "./join-limits.ts";

/** Asks the authority. Resolves with undefined if there is no answer in time. */
export type Ask = (content: Content) => Promise<Content | undefined>;

/** The parts of a join's HTTP request that the authority needs. */
type JoinAuth = Pick<AuthContext, "token" | "ip"> & { headers: Record<string, string> };

/** The type of the function that calls the framework's matchmaking. */
export type Invoke = typeof matchMaker.controller.invokeMethod;

/** A seat that the authority has reserved. `publicAddress`: the address that the client should connect to. */
export interface Seat {
  readonly sessionId: string;
  readonly roomId: string;
  publicAddress?: string;
}

/** The type of the question with which a process passes a join on to the authority. */
export const JOIN = "matchmake";

/** Returns a matchmaking function that asks the authority. */
export function remoteMatchmaking(ask: Ask): Invoke {
  return async (method, target, options, auth) => {
    const { token, ip, headers } = auth ?? {};
    const joinAuth: JoinAuth = { token, ip, headers: Object.fromEntries(headers ?? []) };
    const answer = await ask({ type: JOIN, method, target, options: options ?? {}, auth: joinAuth });
    if (answer === undefined) throw serverError("clusterAway");
    if (answer.type === "refused") throw new ServerError(answer.code as number, answer.message as string);
    return answer.seat as Awaited<ReturnType<Invoke>>;
  };
}

/**
 * Answers a join in the authority.
 * @param invoke the framework's own matchmaking.
 * @param limits the join limits, which do not apply to reconnections.
 * @param placement sets the `publicAddress` of the seat. New joins, but not reconnections, are refused as `busy` if
 * `placement.isFull`.
 */
export async function answerJoin(
  invoke: Invoke,
  content: Content,
  limits: Pick<JoinLimits, "reserve">,
  placement: { readonly isFull: boolean; place(seat: Seat): void },
): Promise<Content> {
  const { method, target, options, auth } = content as unknown as {
    method: Parameters<Invoke>[0];
    target: string;
    options: object;
    auth: JoinAuth;
  };
  try {
    const context = { token: auth.token, ip: auth.ip, headers: new Headers(auth.headers) } as AuthContext;
    const join = () => invoke(method, target, options, context) as unknown as Promise<Seat>;
    const isNew = method !== "reconnect";
    if (isNew && placement.isFull) throw serverError("busy");
    const seat = isNew ? await limits.reserve(String(auth.ip), auth.token, join) : await join();
    placement.place(seat);
    return { type: "seat", seat };
  } catch (error) {
    const { code, message } = error as ServerError;
    return { type: "refused", code, message };
  }
}
