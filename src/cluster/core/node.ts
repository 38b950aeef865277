// One process of a cluster: a replica at all times, and the authority while it has the lease. This file handles all
// messages, all answers of the lease, and all timeouts.
import { Claim } from "./claim.ts";
import type { Figures, Role } from "./figures.ts";
import { Handover } from "./handover.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { LOST_CODE, Mirror } from "./mirror.ts";
import { comparePlaces, isSamePlace, placeName, START } from "./place.ts";
import type {
  AskMessage,
  Bus,
  ClaimMessage,
  CreateHost,
  CreateReplica,
  DownMessage,
  Lease,
  LeaseState,
  Message,
  Place,
  PlaceMessage,
  PrepareHost,
  PrepareMessage,
  ProcessId,
  Replica,
  SnapshotMessage,
  UpMessage,
} from "./ports.ts";
import { Preparation } from "./preparation.ts";
import { Reign } from "./reign.ts";
import { SessionTable } from "./session-table.ts";
import { UpLink } from "./up-link.ts";

/** Logs the events of the protocol. pino's loggers implement this interface. */
export interface ProtocolLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The parts and the settings of one process of a cluster. */
export interface NodeOptions {
  /** The random id of this process. */
  readonly process: ProcessId;
  /** Returns the time in milliseconds. It must never go backwards, and must advance while the process is suspended. */
  readonly clock: () => number;
  readonly bus: Bus;
  readonly lease: Lease;
  readonly createHost: CreateHost;
  readonly prepareHost: PrepareHost;
  readonly createReplica: CreateReplica;
  /** The largest epoch that the database knows. Epochs that this process takes are larger. */
  readonly knownEpoch?: number;
  /** Called after the role has changed. */
  readonly onRole?: (role: Role) => void;
  readonly log?: ProtocolLog;
  /** Replacements for some of the limits in production. */
  readonly limits?: Partial<Limits>;
}

/** The authority as this process knows it. */
interface Authority {
  readonly process: ProcessId;
  readonly epoch: number;
}

/** One process of a cluster. Its owner must call `advance` at least every 10 ms, and `receive` for each message. */
export class ClusterNode {
  readonly #process: ProcessId;
  readonly #clock: () => number;
  readonly #bus: Bus;
  readonly #lease: LeaseKeeper;
  readonly #createHost: CreateHost;
  readonly #prepareHost: PrepareHost;
  readonly #limits: Limits;
  readonly #log: ProtocolLog | undefined;
  readonly #onRole: (role: Role) => void;
  readonly #upLink: UpLink;
  readonly #mirror: Mirror;
  readonly #replica: Replica;

  /** The newest known epoch of other processes, or this process's epoch while it is the authority. */
  #fence: number;
  #claim: Claim | undefined;
  #reign: Reign | undefined;
  #handover: Handover | undefined;
  #preparation: Preparation | undefined;
  #onHandedOver: ((successor: ProcessId | undefined) => void) | undefined;
  /** The process that this process has handed over to. Its rooms have not ticked yet. */
  #successor: { readonly process: ProcessId; readonly since: number } | undefined;
  #authority: Authority | undefined;
  /** The last place of an authority that hands over to this process. */
  #handedOver: Place | undefined;
  /** The time at which this process last heard from the authority or from a claimant. */
  #heardAt: number;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** The time at which the changes of the last tick arrived. */
  #tickedAt = Number.NEGATIVE_INFINITY;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #isAway = false;
  #isStopped = false;
  #role: Role = "replica";
  #stale = 0;
  #asks = 0;

  constructor(options: NodeOptions) {
    const { process, clock, bus, lease, knownEpoch = 0, onRole = () => {}, log } = options;
    this.#process = process;
    this.#clock = clock;
    this.#bus = bus;
    this.#createHost = options.createHost;
    this.#prepareHost = options.prepareHost;
    this.#fence = knownEpoch;
    this.#onRole = onRole;
    this.#log = log;
    const limits = { ...LIMITS, ...options.limits };
    this.#limits = limits;
    this.#lease = new LeaseKeeper(process, lease, limits, clock);
    const table = new SessionTable(process);
    this.#upLink = new UpLink({ process, table, limits, clock });
    this.#replica = options.createReplica(this.#upLink);
    this.#mirror = new Mirror({ process, replica: this.#replica, table, upLink: this.#upLink, limits });
    this.#heardAt = clock();
  }

  /** The current role of this process. */
  get role(): Role {
    return this.#role;
  }

  /** The present state and the counters since the start, for metrics and readiness. */
  get figures(): Figures {
    const { place, newest, alive, loadedSnapshots, givenSnapshots } = this.#mirror;
    const { unheardBatches, keptFrames, droppedFrames, resentBatches } = this.#upLink;
    return {
      role: this.#role,
      epoch: Math.max(this.#fence, this.#claim?.epoch ?? 0),
      authority: this.#authority?.process,
      place,
      newest,
      lag: newest.epoch === place.epoch ? newest.number - place.number : newest.number,
      silentMs: this.#clock() - this.#heardAt,
      alive,
      unheardBatches,
      keptFrames,
      droppedFrames,
      resentBatches,
      loadedSnapshots,
      givenSnapshots,
      asks: this.#asks,
      stale: this.#stale,
    };
  }

  /** Performs all work that is due at this time. */
  advance(): void {
    if (this.#isStopped) return;
    const now = this.#clock();
    this.#upLink.expire();
    for (const { session, connection } of this.#upLink.takeFull()) this.#replica.close(session, connection, LOST_CODE);
    if (this.#reign) this.#advanceReign(this.#reign);
    else if (this.#claim) this.#advanceClaim(this.#claim, now);
    else this.#advanceReplica(now);
    if (this.#authority) this.#sendUps(this.#authority, now);
    if (this.#successor && now - this.#successor.since >= this.#limits.firstTickMs)
      this.#finishHandover(this.#successor.process);
    if (now - this.#heardAt >= this.#limits.closeAllMs && !this.#isAway) {
      this.#isAway = true;
      this.#log?.warn({}, "no authority; closing all connections");
      this.#replica.closeAll(LOST_CODE);
    }
  }

  /** Handles a message from the bus. */
  receive(message: Message): void {
    if (this.#isStopped) return;
    if (message.type === "down") this.#down(message);
    else if (message.type === "up") this.#up(message);
    else if (message.type === "ask") this.#ask(message);
    else if (message.type === "snapshot") this.#snapshot(message);
    else if (message.type === "claim") this.#claimed(message);
    else if (message.type === "prepare") this.#prepare(message);
    else if (message.type === "prepared") this.#handover?.prepared(message);
    else this.#place(message);
  }

  /**
   * Hands over the authority if this process has it. This process never takes the authority again. Calls `done` once
   * the rooms of the successor tick, with the process that is the authority. Calls `done` with undefined if there is no
   * such process. In that case, this process may still be the authority. Its owner should then shut down the rooms, and
   * call `stop`.
   * @param isUrgent whether the rooms must pause at once, before another process has prepared its rooms.
   */
  handOver(done: (authority: ProcessId | undefined) => void, isUrgent = false): void {
    this.#upLink.isLeaving = true;
    if (this.#claim) this.#resign();
    this.#discardPreparation();
    const reign = this.#reign;
    if (!reign) {
      done(this.#authority?.process);
      return;
    }
    this.#onHandedOver = done;
    this.#handover = new Handover({
      reign,
      lease: this.#lease,
      limits: this.#limits,
      clock: this.#clock,
      prepare: (candidate) =>
        this.#bus.send({ type: "prepare", process: this.#process, epoch: reign.epoch }, candidate),
      onEnd: (owner) => this.#handedOverTo(owner),
    });
    this.#handover.start(!isUrgent);
  }

  /** Ends everything, and frees the lease if this process has it. */
  stop(): void {
    if (this.#isStopped) return;
    if (this.#reign || this.#claim) this.#resign();
    this.#finishHandover(undefined);
    this.#discardPreparation();
    this.#isStopped = true;
  }

  readonly #sendUp = (message: UpMessage): void => {
    if (this.#reign) this.#up(message);
    else this.#bus.send(message, this.#authority?.process);
  };

  #sendUps({ epoch }: Authority, now: number): void {
    const { place } = this.#mirror;
    const { collectMs, maxCollectMs } = this.#limits;
    // The authority accepts batches only from processes whose mirrored state is of the present epoch. A process with an
    // older state does not know which frames the rooms have processed.
    if (place.epoch === epoch && (now - this.#tickedAt >= collectMs || now - this.#flushedAt >= maxCollectMs)) {
      this.#flushedAt = now;
      this.#upLink.flush(place, this.#sendUp);
    }
    this.#upLink.signIfDue(place, this.#sendUp);
  }

  #advanceReign(reign: Reign): void {
    this.#lease.request(this.#fence, this.#limits.renewMs, this.#onLease);
    this.#handover?.advance();
    if (this.#reign === reign && !reign.advance()) {
      this.#log?.warn({ epoch: reign.epoch }, "the bus confirms no messages; giving up the authority");
      this.#resign();
    }
  }

  #advanceClaim(claim: Claim, now: number): void {
    const { place } = this.#mirror;
    this.#lease.request(claim.epoch, this.#limits.renewMs, this.#onLease);
    if (this.#claim !== claim) return;
    if (claim.isReady(place, now)) {
      if (this.#lease.isValid(claim.epoch)) this.#start(claim, now);
      return;
    }
    if (claim.mustClaim(now)) this.#bus.send({ type: "claim", process: this.#process, epoch: claim.epoch, at: place });
    const ahead = claim.mustAsk(place, now);
    if (ahead) this.#askFor(place, ahead);
  }

  #advanceReplica(now: number): void {
    const { place, hasGap } = this.#mirror;
    if (hasGap && this.#authority && now - this.#askedAt >= this.#limits.askMs) {
      this.#askedAt = now;
      this.#askFor(place, this.#authority.process);
    }
    if (this.#preparation && now - this.#preparation.startedAt >= this.#limits.preparedMs) this.#discardPreparation();
    if (this.#upLink.isLeaving) return;
    if (this.#handedOver) this.#lease.request(this.#fence, this.#limits.takeMs / 5, this.#onLease);
    else if (now - this.#heardAt >= this.#limits.silenceMs)
      this.#lease.request(this.#fence, this.#limits.takeMs, this.#onLease);
  }

  #askFor(at: Place, of: ProcessId): void {
    this.#asks++;
    this.#bus.send({ type: "ask", process: this.#process, at }, of);
  }

  readonly #onLease = ({ owner, epoch, newest }: LeaseState): void => {
    if (this.#isStopped) return;
    const own = this.#reign ?? this.#claim;
    if (owner !== this.#process) {
      if (owner !== undefined && epoch < this.#fence) this.#sendPlace(owner);
      this.#know(epoch);
      if (own) this.#stepDown();
      return;
    }
    if (own?.epoch === epoch) return;
    // The lease has a new epoch, so another process may have been the authority in between.
    if (own) this.#stepDown();
    if (this.#upLink.isLeaving || epoch <= this.#fence) {
      this.#lease.release();
      return;
    }
    const now = this.#clock();
    this.#claim = new Claim({
      state: { owner, epoch, newest },
      now,
      others: this.#mirror.alive.filter((process) => process !== this.#process),
      former: this.#authority?.process,
      handedOver: this.#handedOver,
      limits: this.#limits,
    });
    this.#log?.info({ epoch, at: placeName(this.#mirror.place) }, "has the lease");
    this.#setRole("claimant");
    this.#advanceClaim(this.#claim, now);
  };

  #start(claim: Claim, now: number): void {
    const { epoch } = claim;
    const { place, alive, sessions } = this.#mirror;
    const heard = new Map([...alive, ...claim.answered].map((process) => [process, now]));
    // The start of the epoch counts as the last sign of life of each process. Only a former authority that has not
    // answered the claim keeps its earlier time, so it is considered lost sooner.
    const former = this.#authority?.process;
    if (former !== undefined && alive.includes(former) && !claim.answered.has(former)) heard.set(former, this.#heardAt);
    this.#claim = undefined;
    this.#handedOver = undefined;
    this.#preparation = undefined; // `createHost` uses the prepared rooms.
    this.#fence = epoch;
    this.#authority = { process: this.#process, epoch };
    this.#log?.info({ epoch, from: placeName(place) }, "is the authority");
    this.#reign = new Reign({
      process: this.#process,
      epoch,
      from: place,
      rooms: isSamePlace(place, START) ? undefined : this.#mirror.rooms(),
      sessions,
      heard,
      createHost: this.#createHost,
      bus: this.#bus,
      clock: this.#clock,
      limits: this.#limits,
      isLeased: () => this.#lease.isValid(epoch),
      onTaken: (message) => this.receive(message),
    });
    this.#setRole("authority");
  }

  #down(message: DownMessage): void {
    const { process, place, successor } = message;
    if (place.epoch < this.#fence) {
      this.#stale++;
      return;
    }
    const own = this.#reign ?? this.#claim;
    if (own && process !== this.#process && place.epoch >= own.epoch) this.#stepDown();
    this.#fence = place.epoch;
    this.#hear();
    if (this.#preparation && this.#preparation.epoch !== place.epoch) this.#discardPreparation();
    if (this.#handedOver && !isSamePlace(place, this.#handedOver)) this.#handedOver = undefined;
    this.#authority = { process, epoch: place.epoch };
    if (message.changes) this.#tickedAt = this.#heardAt;
    this.#mirror.receive(message);
    if (message.changes && this.#successor) this.#finishHandover(process);
    if (successor === this.#process && isSamePlace(place, this.#mirror.place)) this.#accept(place);
  }

  /** Called when the authority hands over. Tells it that this process has the last state and can get the lease. */
  #accept(place: Place): void {
    this.#handedOver = place;
    this.#upLink.sign(place, this.#sendUp);
  }

  /** Prepares the rooms for an authority that is about to hand over. Answers each message once they are prepared. */
  #prepare({ process, epoch }: PrepareMessage): void {
    const { place, sessions } = this.#mirror;
    const isPresent = this.#authority?.process === process && this.#authority.epoch === epoch && place.epoch === epoch;
    if (!isPresent || this.#reign || this.#claim || this.#upLink.isLeaving) return;
    this.#preparation ??= new Preparation(
      epoch,
      this.#clock(),
      { rooms: this.#mirror.rooms(), sessions },
      this.#prepareHost,
    );
    if (this.#preparation.isReady) this.#bus.send({ type: "prepared", process: this.#process, epoch }, process);
  }

  #discardPreparation(): void {
    this.#preparation?.discard();
    this.#preparation = undefined;
  }

  #up(message: UpMessage): void {
    if (!this.#reign) return;
    this.#reign.take(message);
    this.#handover?.take(message);
  }

  #ask({ process, at }: AskMessage): void {
    if (comparePlaces(this.#mirror.place, at) > 0) this.#bus.send(this.#mirror.snapshotFor(process, at), process);
  }

  #snapshot(snapshot: SnapshotMessage): void {
    if (this.#reign) return;
    // A claimant needs the newest state of earlier epochs. Other processes ignore snapshots of epochs before the newest
    // claim. Such a snapshot would change the place that the process has already reported to the claimant.
    const { epoch } = snapshot.place;
    if (this.#claim ? epoch < this.#claim.epoch : epoch >= this.#fence) this.#mirror.load(snapshot);
  }

  #claimed({ process, epoch }: ClaimMessage): void {
    if (epoch > Math.max(this.#fence, this.#claim?.epoch ?? 0)) {
      if (this.#reign || this.#claim) this.#stepDown();
      this.#fence = epoch;
      this.#handedOver = undefined;
    }
    if (epoch === this.#fence) this.#hear();
    this.#sendPlace(process);
  }

  #sendPlace(to: ProcessId): void {
    const epoch = Math.max(this.#fence, this.#claim?.epoch ?? 0);
    this.#bus.send({ type: "place", process: this.#process, epoch, at: this.#mirror.place }, to);
  }

  #place(message: PlaceMessage): void {
    const own = this.#reign ?? this.#claim;
    if (!own) return;
    if (message.epoch <= own.epoch) {
      this.#claim?.answer(message);
      return;
    }
    // The store had lost newer epochs. The next attempt takes a larger epoch.
    this.#log?.warn({ own: own.epoch, known: message.epoch }, "the epoch is older than others; claiming again");
    this.#resign();
    this.#know(message.epoch);
  }

  #know(epoch: number): void {
    this.#fence = Math.max(this.#fence, epoch);
  }

  #hear(): void {
    this.#heardAt = this.#clock();
    this.#isAway = false;
  }

  #handedOverTo(owner: { process: ProcessId; epoch: number } | undefined): void {
    this.#handover = undefined;
    if (owner) {
      this.#know(owner.epoch);
      this.#stepDown(owner.process);
    } else this.#finishHandover(undefined);
  }

  #finishHandover(authority: ProcessId | undefined): void {
    const done = this.#onHandedOver;
    this.#onHandedOver = undefined;
    this.#successor = undefined;
    done?.(authority);
  }

  /** Gives the lease back. */
  #resign(): void {
    this.#stepDown();
    this.#lease.release();
  }

  /** Ends the rooms, or the claim: this process is only a replica from now on. */
  #stepDown(successor = this.#authority?.process): void {
    this.#reign?.end();
    this.#reign = undefined;
    this.#claim = undefined;
    if (this.#authority?.process === this.#process) this.#authority = undefined;
    this.#hear();
    this.#setRole("replica");
    if (!this.#onHandedOver) return;
    this.#handover = undefined;
    if (successor === undefined) this.#finishHandover(undefined);
    else this.#successor = { process: successor, since: this.#clock() };
  }

  #setRole(role: Role): void {
    if (role === this.#role) return;
    this.#role = role;
    this.#log?.info({ role }, "the role has changed");
    this.#onRole(role);
  }
}
