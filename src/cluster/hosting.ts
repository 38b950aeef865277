// Connects the rooms of this process to the host. Only the authority has rooms. Each room gives the host its tick, its
// seats, its world and its changes.
import { logger, type Room } from "colyseus";
import type { WorldRoomSettings } from "../../rooms/define-world-room.ts";
import type { PlayerStore } from "../../rooms/player-store.ts";
import { seededRandom } from "../../sim/random.ts";
import { World } from "../../sim/world.ts";
import { Seats } from "../sockets/seats.ts";
import type { CreateHost, PrepareHost } from "./core/ports.ts";
import { RoomHost } from "./host.ts";
import { HostSeats } from "./host-seats.ts";
import type { HostedRoom, RoomParts } from "./hosted-room.ts";
import type { CountedAddresses } from "./join-limits.ts";
import { MirrorSerializer, type RoomInputs } from "./mirror/mirror-serializer.ts";

type Mutable<T> = { -readonly [Key in keyof T]?: T[Key] };

/**
 * The rooms of one process in a cluster. There is one object per process, because the framework keeps its rooms in a
 * module variable.
 */
export class Hosting {
  /** The host while this process is the authority, or prepares to be. */
  #host: RoomHost | undefined;
  /** Resolves when the rooms of the last host have ended. */
  #ended: Promise<unknown> = Promise.resolve();
  /** The parts of rooms that are being created, by room id. */
  readonly #creating = new Map<string, Mutable<RoomParts>>();

  /** Returns the settings with which rooms must be defined, so that they report to the host. */
  roomSettings(settings: WorldRoomSettings): WorldRoomSettings {
    return {
      ...settings,
      store: this.#gated(settings.store),
      createWorld: (map, seed, roomId) => {
        const world = settings.createWorld?.(map, seed, roomId) ?? new World(map, seededRandom(seed));
        this.#creating.set(roomId, { world });
        return world;
      },
      createSerializer: (state, { width, height }, inputs, maxBytesPerClient = 0, room) => {
        const host = this.#hostOf(room);
        const parts = this.#creating.get(room.roomId)!;
        const { world } = parts;
        const restored = host.restoredPlayersOf(room.roomId);
        parts.serializer = new MirrorSerializer(state, inputs as RoomInputs, () => world!.players(), restored);
        parts.size = { width, height, maxBytesPerClient };
        return parts.serializer;
      },
      seatsOf: (room) => {
        const host = this.#hostOf(room);
        const seats = new Seats(room, (seat) => host.reserved(room.roomId, seat));
        this.#creating.get(room.roomId)!.seats = seats;
        return new HostSeats(seats, host);
      },
      startClock: (tick, room) => {
        const host = this.#hostOf(room);
        this.#creating.get(room.roomId)!.tick = tick;
        return { stop: () => host.roomEnded(room.roomId) };
      },
      onCreated: (room, options) => {
        const parts = this.#creating.get(room.roomId) as RoomParts;
        this.#creating.delete(room.roomId);
        const record = { id: room.roomId, name: room.roomName, options, ...parts.size };
        this.#hostOf(room).roomCreated({ ...parts, record, room: room as HostedRoom["room"] });
      },
    };
  }

  /** Creates the rooms of the cluster in this process, or goes on with prepared ones. */
  readonly createHost: CreateHost = (link, snapshot) => {
    const host = this.#host ?? this.#newHost();
    host.start(link, snapshot);
    return host;
  };

  /** Prepares the rooms of the cluster in this process. */
  readonly prepareHost: PrepareHost = (snapshot, done) => {
    const host = this.#newHost();
    host.prepare(snapshot).then(done, (error) => {
      logger.error({ err: error }, "preparing the rooms failed; they are restored later");
      if (!host.isStarting) host.end();
    });
    return () => {
      if (!host.isStarting) host.end();
    };
  };

  /** The connections and reserved seats per address in all processes, for the join limits. */
  readonly addresses: CountedAddresses = {
    count: (address) => this.#host?.countFrom(address) ?? { present: 0, held: 0 },
    reserved: (sessionId, address) => this.#host?.reservedFor(sessionId, address),
  };

  /** Resolves when the rooms of the present host are restored. */
  get started(): Promise<void> {
    return this.#host?.started ?? Promise.reject(new Error("this process is not the authority"));
  }

  #newHost(): RoomHost {
    const host: RoomHost = new RoomHost(this.#ended, (ended) => {
      if (this.#host === host) this.#host = undefined;
      this.#ended = ended;
    });
    this.#host = host;
    return host;
  }

  #hostOf({ roomName }: Room): RoomHost {
    if (!this.#host) throw new Error(`cannot create a room ${roomName}: this process is not the authority`);
    return this.#host;
  }

  /** Returns a store that writes only while this process may save players. */
  #gated(store: PlayerStore): PlayerStore {
    return {
      load: (player, map) => this.#host?.restoredRecordOf(player, map) ?? store.load(player, map),
      put: (record) => this.#host?.isRunning === true && store.put(record),
      flush: async () => (this.#host?.isRunning ? store.flush() : undefined),
    };
  }
}
