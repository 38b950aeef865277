// A room of the authority, with the parts that the host needs.
import type { Room } from "colyseus";
import type { RoomWorld } from "../../rooms/room-settings.ts";
import type { Seats } from "../sockets/seats.ts";
import type { MirrorSerializer, RoomInputs } from "./mirror/mirror-serializer.ts";
import type { RoomRecord } from "./mirror/news.ts";

/** The parts of a room. */
export interface RoomParts {
  readonly world: RoomWorld;
  readonly serializer: MirrorSerializer;
  readonly seats: Seats;
  readonly size: Pick<RoomRecord, "width" | "height" | "maxBytesPerClient">;
  /** One tick of the room. */
  readonly tick: () => void;
}

/** A room of the authority. */
export interface HostedRoom extends RoomParts {
  readonly room: Room & { readonly inputs: RoomInputs };
  readonly record: RoomRecord;
}
