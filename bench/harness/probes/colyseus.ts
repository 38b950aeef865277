// A probe for Colyseus rooms, with the unmodified SDK. On sabang's room the raw frames are audited too.
import { Client, type Room } from "@colyseus/sdk";
import { WireAudit } from "../wire-audit.ts";
import type { AuditFigures, JoinProbe, KnownPlayer } from "./probe.ts";

/** The part of the state that all measured rooms have in common. */
interface State {
  players?: Iterable<[string, KnownPlayer]> & { get(id: string): KnownPlayer | undefined };
}

/** Returns the function that joins the room `room` as a full client. */
export function joinColyseus(room: string, isAudited: boolean): JoinProbe {
  return async (port, name, onFrame) => {
    const joined: Room<unknown, State> = await new Client(`http://127.0.0.1:${port}`).joinOrCreate(room, { name });
    const figures = isAudited ? attachAudit(joined) : undefined;
    // A probe that reconnects would hide a lost connection.
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

/**
 * Attaches an audit to the connection of a room. Must be called right after the join, before the first state arrives.
 */
function attachAudit(room: Room<unknown, State>): AuditFigures {
  const audit = new WireAudit();
  const figures: AuditFigures = { frames: 0, leaks: 0 };
  const { events } = room.connection;
  const decode = events.onmessage;
  events.onmessage = (event: { data: ArrayBuffer }) => {
    // The room decodes the frame first. Otherwise the audit would add to the measured latency.
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
