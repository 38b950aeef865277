// A probe for socket.io, with socket.io's own client.
import { io } from "socket.io-client";
import type { JoinProbe, KnownPlayer } from "./probe.ts";

export const joinSocketIo: JoinProbe = async (port, _name, onFrame) => {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false, forceNew: true });
  const players = new Map<string, KnownPlayer>();
  let ended: string | undefined;
  await new Promise<void>((resolve, reject) => {
    socket.on("players", (places: Record<string, [x: number, y: number]>) => {
      for (const [id, [x, y]] of Object.entries(places)) players.set(id, { x, y });
      resolve();
      onFrame();
    });
    socket.on("gone", (id: string) => players.delete(id));
    socket.on("connect_error", reject);
    socket.on("disconnect", (reason) => {
      ended = reason;
    });
  });
  const id = socket.id!;
  return {
    id,
    get ended() {
      return ended;
    },
    own: () => players.get(id),
    get: (id) => players.get(id),
    inSight: () => players.values(),
    players: () => Object.fromEntries(players),
    move: (direction) => socket.emit("move", direction),
  };
};
