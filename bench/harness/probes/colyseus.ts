// A probe (a full client that measures) for Colyseus rooms, with the unmodified SDK. In sabang's room it also audits
// the raw frames: the server must not send players that are too far away.
import { Client, type Room } from "@colyseus/sdk";
import { clockOf, WireAudit } from "../wire-audit.ts";
import type { AuditFigures, JoinProbe, KnownPlayer } from "./probe.ts";

/** The part of the state that all measured rooms have in common. */
interface State {
  players?: Iterable<[string, KnownPlayer]> & {
    get(id: string): KnownPlayer | undefined;
    values(): Iterable<KnownPlayer>;
  };
}

/** Returns the function that joins the room `room` as a full client. */
export function joinColyseus(room: string, isAudited: boolean): JoinProbe {
  return async (port, name, onFrame) => {
    const joined: Room<unknown, State> = await new Client(`http://127.0.0.1:${port}`).joinOrCreate(room, { name });
    const figures = isAudited ? attachAudit(joined) : undefined;
    const clock = attachClock(joined);
    // A reconnection would hide a lost connection from the measurement.
    joined.reconnection.enabled = false;
    let ended: string | undefined;
    joined.onLeave((code, reason) => {
      ended = `the server closed with ${code} ${reason ?? ""}`.trim();
    });
    // Without a handler, the SDK would log a warning for each text of another player.
    joined.onMessage("*", () => {});
    joined.onError((code, message) => {
      ended ??= `the server sent the error ${code} ${message ?? ""}`.trim();
    });
    const own = () => joined.state.players?.get(joined.sessionId);
    await new Promise<void>((resolve) => {
      joined.onStateChange(() => {
        if (own()) resolve();
        onFrame(clock());
      });
    });
    return {
      id: joined.sessionId,
      room: joined.roomId,
      get ended() {
        return ended;
      },
      own,
      get: (id) => joined.state.players?.get(id),
      inSight: () => joined.state.players?.values() ?? [],
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
 * Returns a getter for the server time in the frame that is being decoded. The getter returns undefined if the frame
 * has no time.
 * Call `attachClock` right after the join, before the first frame is decoded.
 */
function attachClock(room: Room<unknown, State>): () => number | undefined {
  let clock: number | undefined;
  const { events } = room.connection;
  const decode = events.onmessage;
  events.onmessage = (event: { data: ArrayBuffer }) => {
    clock = clockOf(new Uint8Array(event.data));
    decode?.(event);
  };
  return () => clock;
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
    // The room decodes the frame before the audit reads it. Otherwise the audit would add to the measured latency.
    decode?.(event);
    const frame = new Uint8Array(event.data);
    if (!WireAudit.isState(frame) && !WireAudit.isSay(frame)) return;
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
