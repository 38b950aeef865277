// Creates the logger. It writes JSON lines in production, human-readable lines otherwise, and hides tokens.
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

/** Matches a JSON Web Token, which is how this server encodes its tokens, anywhere in a line. */
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/**
 * Matches the value after `token` or `authorization` in a URL, a header or an object. An error from a library may
 * quote a request with such a value.
 */
const NAMED = /((?:token|authorization)(?:\\?["'])?\s*[=:]\s*(?:\\?["'])?(?:(?:bearer|basic)\s+)?)[^\s&"'#,;)}\\]+/gi;

const HIDDEN = "[hidden]";

/** Creates the logger of the process. */
export function createLogger(level: string, production: boolean): Logger {
  const options = { level, hooks: { streamWrite: hideTokens } };
  // The log is written synchronously, because the alternative is a worker thread. A worker thread delays the end of the
  // process if the reader of the output is gone.
  if (production) return pino(options, pino.destination({ sync: true }));
  return pino(options, pretty({ ignore: "pid,hostname", singleLine: true, sync: true }));
}

/** Replaces the tokens in a line. */
export function hideTokens(line: string): string {
  return line.replace(JWT, HIDDEN).replace(NAMED, `$1${HIDDEN}`);
}
