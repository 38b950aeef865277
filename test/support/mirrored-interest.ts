// The interest management of a process that mirrors a room, with the interface of InterestSerializer. The room and its
// mirror are in one process here, but the changes pass between them as bytes.
import type { Client } from "colyseus";
import type { StateWithPlayers } from "../../rooms/interest/player-codec.ts";
import type { InputsById } from "../../rooms/interest/view.ts";
import { BLANK_INPUT } from "../../schema/move-input.ts";
import { MirrorSerializer } from "../../src/cluster/mirror/mirror-serializer.ts";
import { MirroredRoom } from "../../src/cluster/mirror/mirrored-room.ts";

/** The number of times that the mirrored room reads changes before it reads a snapshot of another mirror instead. */
const READS_BETWEEN_SNAPSHOTS = 4;

type Timing = { sNow: number } | undefined;

/** Sends the clients of a mirrored room the changes in their sight. */
export class MirroredInterest {
  readonly #state: StateWithPlayers;
  readonly #inputs: InputsById;
  readonly #authority: MirrorSerializer;
  readonly #room: MirroredRoom;
  /** A mirror without clients, for snapshots. */
  readonly #other: MirroredRoom;
  #reads = 0;
  /** The clients of the mirrored room. */
  readonly #shown = new Set<Client>();

  constructor(state: StateWithPlayers, width: number, height: number, inputs: InputsById, maxBytes: number) {
    this.#state = state;
    this.#inputs = inputs;
    const noQueue = { size: 0, latest: BLANK_INPUT, peek: () => [], clear: () => {} };
    this.#authority = new MirrorSerializer(
      state,
      { get: (id) => ({ ...noQueue, consumedCount: inputs.get(id).consumedCount }) },
      () => [],
      undefined,
    );
    const record = { id: "room", name: "world", options: {}, width, height, maxBytesPerClient: maxBytes };
    this.#room = new MirroredRoom(record);
    this.#other = new MirroredRoom(record);
  }

  get id(): "schema" {
    return this.#authority.id;
  }

  handshake(): Uint8Array {
    return this.#authority.handshake();
  }

  /** Shows a client the current state. Returns the frame with this state instead of sending it. */
  getFullState(client: Client, timing: Timing): Uint8Array {
    this.#readChanges([...this.#shown, client], timing);
    let frame = new Uint8Array();
    client.raw = (bytes) => {
      frame = Uint8Array.from(bytes);
    };
    this.#room.show(client, this.#inputs.get(client.sessionId).consumedCount);
    // Deletes only the property `raw` that was set above. After that, `client.raw` is the method of the client's class
    // again.
    Reflect.deleteProperty(client, "raw");
    this.#shown.add(client);
    return frame;
  }

  applyPatches(clients: Client[], _state: StateWithPlayers, timing: Timing): boolean {
    for (const client of this.#shown) {
      if (clients.includes(client)) continue;
      this.#room.remove(client);
      this.#shown.delete(client);
    }
    this.#readChanges(clients, timing);
    this.#room.serve();
    return true;
  }

  toSight(sessionId: string, type: string, content: object): void {
    this.#authority.toSight(sessionId, type, content);
  }

  #readChanges(clients: readonly Client[], timing: Timing): void {
    this.#authority.applyPatches(clients, this.#state, timing);
    const changes = this.#authority.takeSection()!;
    this.#other.read(changes);
    this.#other.serve();
    const isSnapshot = this.#reads++ % (READS_BETWEEN_SNAPSHOTS + 1) === READS_BETWEEN_SNAPSHOTS;
    this.#room.read(isSnapshot ? this.#other.section() : changes);
  }
}
