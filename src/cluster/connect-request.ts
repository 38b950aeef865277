// The request with which a process asks the authority to let a connection take a seat, and the answer to it.
import type { Transport } from "../telemetry/transports.ts";
import type { Content } from "./core/ports.ts";

/** A client wants to take a seat. */
export type ConnectRequest = Content & {
  readonly type: "connect";
  readonly session: string;
  readonly room: string;
  /** The id of the connection. A second request with this id is about the same connection. */
  readonly connection: string;
  /** The reconnection token, if the client returns to its seat. */
  readonly token?: string | undefined;
  /** Whether the client already has the schema of the state. */
  readonly skipHandshake: boolean;
  readonly transport: Transport;
  readonly address?: string | undefined;
};

/** Either the client has the seat, or it is refused. */
export type ConnectAnswer = Content &
  ({ readonly type: "connected" } | { readonly type: "refused"; readonly code: number; readonly message: string });
