// Reserves a seat in a room by HTTP, for clients without an SDK.

/** The response of the matchmaker. */
export interface Seat {
  name: string;
  sessionId: string;
  roomId: string;
  processId: string;
}

/** Reserves a seat in the room `world`. `server` is `http://host:port`. */
export async function takeSeat(
  server: string,
  options: object = {},
  headers: Record<string, string> = {},
): Promise<Seat> {
  const answer = await fetch(`${server}/matchmake/joinOrCreate/world`, {
    method: "POST",
    // A keep-alive connection would stay open, and the test process could not exit.
    headers: { "content-type": "application/json", connection: "close", ...headers },
    body: JSON.stringify(options),
  });
  return (await answer.json()) as Seat;
}

/** Returns the path of the WebSocket that claims the seat. */
export function pathOf({ processId, roomId, sessionId }: Seat): string {
  return `/${processId}/${roomId}?sessionId=${sessionId}`;
}
