// Answers the monitors of other processes. Runs in the authority, which is the process that has the rooms.
import type { AddressInfo } from "node:net";
import type { Content } from "./core/ports.ts";

/** The type of a request from the monitor of another process to the authority. */
export const MONITOR = "monitor";

/** Milliseconds within which the authority's own monitor must answer. */
const TIMEOUT_MS = 2500;

/** Asks the monitor of this process over HTTP. */
export async function answerMonitor(
  { path }: Content,
  { address, port }: AddressInfo,
  credentials: { user: string; password: string },
): Promise<Content> {
  try {
    const answer = await fetch(`http://${hostOf(address)}:${port}/monitor${path}`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64")}`,
        // The guard refuses requests that may come from a page of another site. This value says that no page has sent
        // this request.
        "sec-fetch-site": "none",
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { type: "answer", status: answer.status, body: await answer.text() };
  } catch (error) {
    return { type: "failed", message: (error as Error).message };
  }
}

/** Returns the host to use in a URL for a server that listens on this address. */
function hostOf(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  if (address === "::") return "[::1]";
  return address.includes(":") ? `[${address}]` : address;
}
