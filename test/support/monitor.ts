// Calls the methods of a room as the monitor's page does.
import { MONITOR, type TestServer } from "./server.ts";

/** Calls a method of a room as the operator. Returns the status of the answer. */
export async function callAsOperator(
  server: Pick<TestServer, "url">,
  roomId: string,
  method: string,
  ...args: unknown[]
): Promise<number> {
  const query = new URLSearchParams({ roomId, method, args: JSON.stringify(args) });
  const authorization = `Basic ${Buffer.from(`${MONITOR.user}:${MONITOR.password}`).toString("base64")}`;
  const answer = await fetch(`${server.url}/monitor/api/room/call?${query}`, {
    headers: { authorization, "sec-fetch-site": "none", connection: "close" },
  });
  return answer.status;
}
