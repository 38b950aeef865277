// The servers that are measured. Each has a name, a wire protocol, and a kind of sight. The kind of sight says which
// players the server sends to a client.
import { binary, colyseus, type Dialect, json, korean, socketIo, withSay } from "../harness/load/dialects.ts";

/** One of the measured servers. */
export interface Contender {
  readonly name: string;
  /** A short description. */
  readonly what: string;
  readonly dialect: Dialect;
  /** The kind of probe (a full client that measures latency) that can connect to this server. */
  readonly probe: "colyseus" | "binary" | "json" | "korean" | "socket.io";
  /** The room's name, on Colyseus servers. */
  readonly room?: string;
  /**
   * The players that the server sends to a client. `promise`: all players within 320 units of the client's player, and
   * no players beyond 960 units, as sabang promises. `cells`: the players in the cell of the client's player and in the
   * cells around that cell. `all`: all players. `one`: one player that never moves, the same for all clients.
   */
  readonly sight: "promise" | "cells" | "all" | "one";
}

/** All servers, in the order in which they run. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: "sabang",
    what: "this project",
    dialect: withSay(colyseus("world", (name) => ({ name }))),
    probe: "colyseus",
    room: "world",
    sight: "promise",
  },
  {
    name: "tutorial",
    what: "Colyseus as in its tutorial",
    dialect: colyseus("tutorial", (name) => ({ name })),
    probe: "colyseus",
    room: "tutorial",
    sight: "all",
  },
  {
    name: "state-view",
    what: "Colyseus, one StateView per client",
    dialect: colyseus("state-view", (name) => ({ name })),
    probe: "colyseus",
    room: "state-view",
    sight: "cells",
  },
  { name: "ws-binary", what: "hand-written ws, binary frames", dialect: binary, probe: "binary", sight: "all" },
  { name: "ws-json", what: "hand-written ws, JSON", dialect: json, probe: "json", sight: "all" },
  { name: "socket-io", what: "socket.io", dialect: socketIo, probe: "socket.io", sight: "all" },
  { name: "tornado", what: "the Python tutorial's server, completed", dialect: korean, probe: "korean", sight: "all" },
  {
    name: "bare",
    what: "no game: 62 bytes to each client per tick",
    dialect: binary,
    probe: "binary",
    sight: "one",
  },
];

/**
 * Returns the server with this name.
 * @throws {Error} if no server in CONTENDERS has this name.
 */
export function contender(name: string): Contender {
  const found = CONTENDERS.find((contender) => contender.name === name);
  if (!found)
    throw new Error(`unknown server "${name}"; expected one of ${CONTENDERS.map(({ name }) => name).join(", ")}`);
  return found;
}
