// Creates the logger. It writes JSON lines in production, human-readable lines otherwise, and hides tokens.
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

/** A token of this server, anywhere in a line. */
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** A value named as a token in a URL, a header or an object. The error of a library may quote such a request. */
const NAMED = /((?:token|authorization)(?:\\?["'])?\s*[=:]\s*(?:\\?["'])?(?:(?:bearer|basic)\s+)?)[^\s&"'#,;)}\\]+/gi;

const HIDDEN = "[hidden]";

/** Creates the logger of the process. */
export function createLogger(level: string, production: boolean): Logger {
  const options = { level, hooks: { streamWrite: hideTokens } };
  // Synchronous, without a worker thread. A worker thread whose reader is gone would delay the end of the process.
  if (production) return pino(options, pino.destination({ sync: true }));
  return pino(options, pretty({ ignore: "pid,hostname", singleLine: true, sync: true }));
}

/** Replaces the tokens in a line. */
export function hideTokens(line: string): string {
  return line.replace(JWT, HIDDEN).replace(NAMED, `$1${HIDDEN}`);
}
