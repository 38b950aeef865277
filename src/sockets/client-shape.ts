// Keeps property lookups on the framework's client objects fast. After a join the framework deletes a field of the
// client (seen in @colyseus/core 0.18.17). V8 then keeps the other fields of that object in a hash table, for good.
// The framework reads some of those fields for every message and every tick. An accessor on the class is not an own
// field, so no field is deleted.
import { ClientState, WebSocketClient } from "colyseus";

const EARLY = Symbol("early messages");

/** The fields of a framework client that the accessor uses. */
interface JoiningClient {
  state: ClientState;
  /** Set by the framework when the client has acknowledged its join. */
  _joinedAt?: number;
  [EARLY]?: unknown[];
}

/**
 * Replaces the field that holds the messages queued during a join by an accessor, for all clients of the framework's
 * WebSocketTransport.
 */
export function keepClientShape(): void {
  Object.defineProperty(WebSocketClient.prototype, "_enqueuedMessages", {
    configurable: true,
    /**
     * Returns undefined once the client has joined and left: the framework then knows that the client may reconnect.
     */
    get(this: JoiningClient) {
      const early = this[EARLY];
      if (this._joinedAt === undefined || early === undefined) return early;
      if (this.state !== ClientState.JOINED) return undefined;
      // The client has just joined. The framework sends these messages synchronously; afterwards they can be discarded.
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
