// A probe for the rooms of Colyseus: the unmodified SDK. On sabang's room its raw frames go through the audit too.
import { Client, type Room } from "@colyseus/sdk";
import { WireAudit } from "../wire-audit.ts";
import type { AuditFigures, JoinProbe, Known } from "./probe.ts";

/** The state of each of the rooms, as far as they have it in common. */
interface State {
  players?: Iterable<[string, Known]> & { get(id: string): Known | undefined };
}

/** A full client of the room `room`. */
export function joinColyseus(room: string, isAudited: boolean): JoinProbe {
  return async (port, name, onFrame) => {
    const joined: Room<unknown, State> = await new Client(`http://127.0.0.1:${port}`).joinOrCreate(room, { name });
    const figures = isAudited ? listenIn(joined) : undefined;
    // A probe that comes back by itself would hide that it was cut.
    joined.reconnection.enabled = false;
    let ended: string | undefined;
    joined.onLeave((code, reason) => {
      ended = `the server closed with ${code} ${reason ?? ""}`.trim();
    });
    joined.onError((code, message) => {
      ended ??= `the server sent the error ${code} ${message ?? ""}`.trim();
    });
    const own = () => joined.state.players?.get(joined.sessionId);
    await new Promise<void>((resolve) => {
      joined.onStateChange(() => {
        if (own()) resolve();
        onFrame();
      });
    });
    return {
      id: joined.sessionId,
      room: joined.roomId,
      get ended() {
        return ended;
      },
      own,
      players: () =>
        Object.fromEntries(
          [...(joined.state.players ?? [])].map(([id, { x, y, name, facing }]) => [id, { x, y, name, facing }]),
        ),
      move: (direction) => joined.send("move", direction),
      ...(figures && { audit: figures }),
    };
  };
}

/** Puts an audit behind the connection of a room that has just been joined, before its first state has come. */
function listenIn(room: Room<unknown, State>): AuditFigures {
  const audit = new WireAudit();
  const figures: AuditFigures = { frames: 0, leaks: 0 };
  const { events } = room.connection;
  const decode = events.onmessage;
  events.onmessage = (event: { data: ArrayBuffer }) => {
    // First the room: an audit in front of it would add to the latency.
    decode?.(event);
    const frame = new Uint8Array(event.data);
    if (!WireAudit.isState(frame)) return;
    figures.frames++;
    try {
      const leaks = audit.leaks(room.sessionId, audit.read(frame));
      figures.leaks += leaks.length;
      figures.first ??= leaks[0];
    } catch (error) {
      figures.leaks++;
      figures.first ??= (error as Error).message;
    }
  };
  return figures;
}
