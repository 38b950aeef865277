// The servers that are measured: how each is started, what it speaks, whom a client of it sees.
import { binary, colyseus, type Dialect, json, korean, socketIo } from "../harness/load/dialects.ts";

/** One of the servers. */
export interface Contender {
  readonly name: string;
  /** What it is, in a few words. */
  readonly what: string;
  readonly dialect: Dialect;
  /** How a full client talks to it. */
  readonly probe: "colyseus" | "binary" | "json" | "korean" | "socket.io";
  /** For Colyseus: the room. */
  readonly room?: string;
  /**
   * `promise`: sabang's (320 units at least, 960 at most). `cells`: the cells around one's own. `all`: everybody. `one`: all
   * are told of the same player, who never moves.
   */
  readonly sight: "promise" | "cells" | "all" | "one";
}

/** Every server, in the order in which they run. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: "sabang",
    what: "this project",
    dialect: colyseus("world", (name) => ({ name })),
    probe: "colyseus",
    room: "world",
    sight: "promise",
  },
  {
    name: "tutorial",
    what: "Colyseus as its tutorial has it",
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
    what: "no game: 62 bytes to each client in each tick",
    dialect: binary,
    probe: "binary",
    sight: "one",
  },
];

/** The server of that name, which must be one of CONTENDERS. */
export function contender(name: string): Contender {
  const found = CONTENDERS.find((one) => one.name === name);
  if (!found) throw new Error(`there is no server named "${name}"`);
  return found;
}
