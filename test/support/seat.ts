// A seat in a room, by HTTP alone: for clients that go on by hand.

/** What matchmaking answers. */
export interface Seat {
  name: string;
  sessionId: string;
  roomId: string;
  processId: string;
}

/** Takes a seat in the room `world`. `server`: `http://host:port`. */
export async function takeSeat(
  server: string,
  options: object = {},
  headers: Record<string, string> = {},
): Promise<Seat> {
  const answer = await fetch(`${server}/matchmake/joinOrCreate/world`, {
    method: "POST",
    // Kept alive, it would keep the test from ending.
    headers: { "content-type": "application/json", connection: "close", ...headers },
    body: JSON.stringify(options),
  });
  return (await answer.json()) as Seat;
}

/** Where the seat is taken, by WebSocket. */
export function pathOf({ processId, roomId, sessionId }: Seat): string {
  return `/${processId}/${roomId}?sessionId=${sessionId}`;
}
