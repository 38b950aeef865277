// Keeps the framework's client objects quick to look into. It deletes a field of each when it has joined (seen in
// @colyseus/core 0.18.17), after which V8 keeps the other fields of that object in a hash table, for good; and some of
// them are looked up for every message and every tick. An accessor of the class is no field, so nothing is deleted.
import { ClientState, WebSocketClient } from "colyseus";

const EARLY = Symbol("early messages");

/** What of a client this is about. */
interface JoiningClient {
  state: ClientState;
  /** Set by the framework when the client has acknowledged its join. */
  _joinedAt?: number;
  [EARLY]?: unknown[];
}

/** Makes the messages that wait for a client to join an accessor of all clients of the framework's WebSocketTransport. */
export function keepClientShape(): void {
  Object.defineProperty(WebSocketClient.prototype, "_enqueuedMessages", {
    configurable: true,
    /** Undefined once the client has joined and left: by that the framework knows that it may come back. */
    get(this: JoiningClient) {
      const early = this[EARLY];
      if (this._joinedAt === undefined || early === undefined) return early;
      if (this.state !== ClientState.JOINED) return undefined;
      // It has just joined: the framework sends them on before anything else happens, and then they can go.
      queueMicrotask(() => {
        early.length = 0;
      });
      return early;
    },
    set(this: JoiningClient, messages: unknown[]) {
      this[EARLY] = messages;
    },
  });
}
