// Gives access to the socket of an SDK client's room. The SDK does not expose this socket.
import type { WebSocket } from "ws";

/** A room of the SDK, with any state type. */
interface Connected {
  connection: { transport: unknown };
}

/** Returns the client's socket. */
export function socketOf(room: Connected): WebSocket {
  return (room.connection.transport as { ws: WebSocket }).ws;
}

/** Closes the connection without a close code. Both sides treat that as a lost connection, not as a leave. */
export function cut(room: Connected): void {
  socketOf(room).close();
}
