// Keeps property lookups on the framework's client objects fast. After a join, the framework deletes a field of the
// client (seen in @colyseus/core 0.18.17). From then on, V8 keeps all fields of that object in a hash table, which is
// slower to read. The framework reads some of those fields for every message and every tick. With an accessor on the
// class instead, the object has no such field to delete.
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
 * Replaces the field `_enqueuedMessages`, which holds the messages queued during a join, with an accessor. This affects
 * all clients of the framework's WebSocketTransport.
 */
export function keepClientShape(): void {
  Object.defineProperty(WebSocketClient.prototype, "_enqueuedMessages", {
    configurable: true,
    /**
     * Returns the queued messages. Returns undefined if the client has acknowledged its join and is no longer
     * connected, because the framework holds a seat only for a client whose `_enqueuedMessages` is undefined.
     */
    get(this: JoiningClient) {
      const early = this[EARLY];
      if (this._joinedAt === undefined || early === undefined) return early;
      if (this.state !== ClientState.JOINED) return undefined;
      // The framework reads the messages now to send them, because the client has acknowledged its join. They are
      // discarded in a microtask, which runs after the framework has sent them.
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
