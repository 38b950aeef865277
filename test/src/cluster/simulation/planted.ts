// Faults that tests plant into the ports of the protocol. The simulation must find each of them.
import { comparePlaces } from "../../../../src/cluster/core/place.ts";
import type {
  DownMessage,
  Lease,
  LeaseState,
  Message,
  Place,
  ProcessId,
  Replica,
  Snapshot,
} from "../../../../src/cluster/core/ports.ts";
import type { Redis } from "./redis.ts";
import { applyState, emptyState, encodeState } from "./state.ts";

/** A planted fault: functions that replace or change parts of the protocol. */
export interface Plant {
  /** Replaces a message that an authority publishes. */
  readonly publish?: (message: DownMessage) => DownMessage;
  /** Replaces a message that a process receives. `at` is the place of the process's state. */
  readonly receive?: (message: Message, at: Place) => Message;
  /** Replaces the lease of a process. */
  readonly lease?: (process: ProcessId, lease: Lease) => Lease;
  /** Replaces the replica of a process. */
  readonly replica?: (replica: Replica) => Replica;
  /** Replaces the state from which a host continues. `prepared`: the state with which its rooms were prepared. */
  readonly snapshot?: (newest: Snapshot | undefined, prepared: Snapshot | undefined) => Snapshot | undefined;
  /** Changes Redis. */
  readonly redis?: (redis: Redis) => void;
}

/** Makes messages of older epochs count as messages of the present epoch. */
const withoutFencing: Plant = {
  redis: (redis) => {
    redis.isFencing = false;
  },
  receive: (message, at) =>
    message.type === "down" && message.place.epoch < at.epoch
      ? { ...message, from: at, place: { ...at, number: at.number + 1 } }
      : message,
};

/** Gives the lease to each process that asks for it. */
const withSeveralOwners: Plant = {
  lease: (process, lease) => {
    let epoch = 0;
    const owned = (knownEpoch: number): LeaseState => {
      if (epoch <= knownEpoch) epoch = knownEpoch + 1;
      return { owner: process, epoch, newest: undefined };
    };
    return {
      ...lease,
      take: (knownEpoch, done) => lease.take(knownEpoch, (state) => done(state && owned(knownEpoch))),
    };
  },
};

/** Publishes 0 as the number of frames that the rooms have received from each session. */
const withoutReceived: Plant = {
  publish: (message) => ({
    ...message,
    sessions: message.sessions.map((entry) => ({ ...entry, received: 0 })),
    progress: [],
  }),
};

/** Removes a player from each snapshot. */
const withoutOnePlayer: Plant = {
  replica: (replica) => ({
    load: (rooms) => replica.load(rooms),
    apply: (changes) => replica.apply(changes),
    receive: (session, connection, frame) => replica.receive(session, connection, frame),
    close: (session, connection, code, reason) => replica.close(session, connection, code, reason),
    closeAll: (code) => replica.closeAll(code),
    snapshot: () => {
      const state = emptyState(0);
      applyState(state, replica.snapshot());
      const [session] = state.players.keys();
      if (session !== undefined) state.players.delete(session);
      return encodeState(state);
    },
  }),
};

/** Makes processes apply messages although earlier messages are missing. */
const withGaps: Plant = {
  receive: (message, at) =>
    message.type === "down" && message.place.epoch === at.epoch && comparePlaces(message.from, at) > 0
      ? { ...message, from: at }
      : message,
};

/** Makes rooms that were prepared for a handover continue from their state at the preparation. */
const withOldPreparations: Plant = { snapshot: (newest, prepared) => prepared ?? newest };

/** All planted faults. Each key describes its fault. */
export const PLANTED: Readonly<Record<string, Plant>> = {
  "old epochs are not fenced off": withoutFencing,
  "the lease has several owners": withSeveralOwners,
  "the table forgets which frames were taken": withoutReceived,
  "snapshots lack a player": withoutOnePlayer,
  "processes apply messages after a gap": withGaps,
  "prepared rooms miss what happened since": withOldPreparations,
};
