// The text about the connection's latency, in the status line and in the lag panel.
import { messages } from "./language.ts";
import type { RoundTrip } from "./round-trip.ts";

/**
 * Returns a text about the last round trip. If the server does not answer, the text says for how long. The text is
 * empty before the first measurement.
 */
export function latencyText({ last, waitingMs, isSilent }: RoundTrip): string {
  const { milliseconds, noAnswer } = messages();
  if (isSilent) return noAnswer(Math.floor(waitingMs / 1000));
  return last > 0 ? milliseconds(last) : "";
}
