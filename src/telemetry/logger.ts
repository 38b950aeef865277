// Who writes the log: one JSON object a line in production, lines for people otherwise, and never a token.
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

/** A token of ours by itself, wherever it stands. */
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** What a URL, a header or an object gives as a token: an error of some library may quote the request it is about. */
const GIVEN = /((?:token|authorization)(?:\\?["'])?\s*[=:]\s*(?:\\?["'])?(?:(?:bearer|basic)\s+)?)[^\s&"'#,;)}\\]+/gi;

const HIDDEN = "[hidden]";

/** Makes the logger of the process. */
export function createLogger(level: string, production: boolean): Logger {
  const options = { level, hooks: { streamWrite: hideTokens } };
  // Written at once, without a worker thread: one whose reader is gone would hold up the end of the process.
  if (production) return pino(options, pino.destination({ sync: true }));
  return pino(options, pretty({ ignore: "pid,hostname", singleLine: true, sync: true }));
}

/** A line without the tokens that stood in it. */
export function hideTokens(line: string): string {
  return line.replace(JWT, HIDDEN).replace(GIVEN, `$1${HIDDEN}`);
}
