// Distinguishes lost connections from those that were closed on purpose. The room holds the seat of a lost connection,
// so that its client can return.
import { CloseCode } from "colyseus";

/** The lowest code that applications may use (RFC 6455, section 7.4.2). */
const FIRST_APPLICATION_CODE = 3000;

/**
 * Codes below FIRST_APPLICATION_CODE that end a session: 1000 for a normal closure, 1008 for too many fragments, and
 * 1009 for a frame that is too large. `ws` closes with 1008 or 1009 if a client exceeds the limits of this server. A client's own 1008 or 1009 arrives as 1006.
 */
const FINAL_CODES: readonly number[] = [1000, 1008, 1009];

/**
 * Whether a connection was lost. FINAL_CODES and application codes except MAY_TRY_RECONNECT end a session. All other
 * codes, and a missing code, come from networks, proxies, browsers and WebSocket libraries: the player did not leave.
 */
export function isLostConnection(code: number | undefined): boolean {
  if (code === undefined || code === CloseCode.MAY_TRY_RECONNECT) return true;
  return code < FIRST_APPLICATION_CODE && !FINAL_CODES.includes(code);
}
