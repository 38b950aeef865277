// What is under an SDK client's room: its socket, which the SDK itself does not show.
import type { WebSocket } from "ws";

/** A room of the SDK, whatever its state. */
interface Connected {
  connection: { transport: unknown };
}

/** The client's end of the connection. */
export function socketOf(room: Connected): WebSocket {
  return (room.connection.transport as { ws: WebSocket }).ws;
}

/** Ends the connection without a close code, as when it is lost: neither side takes it for a leave. */
export function cut(room: Connected): void {
  socketOf(room).close();
}
