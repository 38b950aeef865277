// The times and the bounds of the protocol. Tests and slow networks may change them.

/** Times in milliseconds, and bounds of all queues. */
export interface Limits {
  /** The time after which an authority that has published nothing sends a sign of life. */
  readonly heartbeatMs: number;
  /** The time after which a process that has sent nothing sends a sign of life. */
  readonly signMs: number;
  /**
   * The time after the arrival of a tick's changes during which a process only collects frames. The rooms apply no
   * frame before their next tick, so fewer messages are sent. No input is late, as long as this time, one period of
   * `advance` and twice the delay of a message together are shorter than a tick.
   */
  readonly collectMs: number;
  /** The longest time for which a process only collects frames, if ticks come in quick succession. */
  readonly maxCollectMs: number;
  /** The time after which a process sends its batches again if the authority has not confirmed any of them. */
  readonly resendMs: number;
  /** The time without a message from the authority after which a process tries to take the lease. */
  readonly silenceMs: number;
  /** The time without a sign of life after which the authority considers a process lost. */
  readonly lostMs: number;
  /** The time without an authority after which a process closes its connections. */
  readonly closeAllMs: number;
  /** How long a lease is valid. The store must use the same time. */
  readonly leaseMs: number;
  /** The owner considers its lease expired this much earlier than the store does. */
  readonly leaseMarginMs: number;
  /** The time between two renewals of the lease. */
  readonly renewMs: number;
  /** The time between two attempts to take the lease. */
  readonly takeMs: number;
  /** How long a claimant waits for the places of the other processes if no newer place is known. */
  readonly claimMs: number;
  /** How long a claimant waits for a newer state that is known to exist, or to have existed. */
  readonly claimNewerMs: number;
  /** How long a claimant without any state waits for a state that is known to have existed. */
  readonly claimEmptyMs: number;
  /** The time after which a claimant asks for places again. */
  readonly claimAgainMs: number;
  /** The time after which a process asks for a snapshot again. */
  readonly askMs: number;
  /** How long an authority that hands over lets a candidate prepare the rooms. They tick meanwhile. */
  readonly prepareMs: number;
  /** The time after which prepared rooms are discarded if the process has not become the authority. */
  readonly preparedMs: number;
  /** How long an authority that hands over waits for one successor's confirmation before it names another successor. */
  readonly successorMs: number;
  /** How long an authority tries to hand over, with its rooms paused. */
  readonly handoverMs: number;
  /** The time after which an authority that hands over names its successor again. */
  readonly nameAgainMs: number;
  /** How long a process that has handed over waits for the first tick of the next authority. */
  readonly firstTickMs: number;
  /** How long the end of a connection is remembered, in case an older state shows the connection again. */
  readonly closedMs: number;

  /**
   * Maximum messages that a process keeps while an earlier one is missing. Others are dropped: the process asks for a
   * snapshot, which includes their changes.
   */
  readonly laterMessages: number;
  /** Maximum messages whose frames are kept for processes that have missed them. The oldest ones are forgotten. */
  readonly recentMessages: number;
  /** Maximum messages that the bus has not confirmed. With one more, the process gives up the authority. */
  readonly unconfirmedMessages: number;
  /** Maximum batches of a process that the authority has not confirmed. No new batch is sent at this limit. */
  readonly unheardBatches: number;
  /**
   * Maximum batches that the authority keeps per process while an earlier one is missing. Others are dropped, and the
   * process sends them again.
   */
  readonly laterBatches: number;
  /** Maximum frames in one batch. The next batch contains the rest. */
  readonly framesPerBatch: number;
  /**
   * Maximum frames of one connection that wait for the rooms. With one more, all are dropped and the connection is
   * closed. Must be at least the burst that MAX_MESSAGES_PER_SECOND allows: by default 300 frames per second for 21
   * seconds.
   */
  readonly framesPerConnection: number;
  /** Maximum frames to clients, queued until the next message. Others are dropped, and their connections closed. */
  readonly outgoingFrames: number;
  /** Maximum requests without an answer. Additional requests fail at once. */
  readonly requests: number;
  /** Maximum ended connections that are remembered. The oldest ones are forgotten. */
  readonly closedConnections: number;
  /** Maximum processes that the authority remembers, including lost ones. With one more, it forgets a lost process. */
  readonly processes: number;
}

/** The limits in production. */
export const LIMITS: Limits = {
  heartbeatMs: 100,
  signMs: 250,
  collectMs: 10,
  maxCollectMs: 50,
  resendMs: 300,
  silenceMs: 500,
  lostMs: 1500,
  closeAllMs: 15_000,
  leaseMs: 1000,
  leaseMarginMs: 200,
  renewMs: 250,
  takeMs: 100,
  claimMs: 300,
  claimNewerMs: 1000,
  claimEmptyMs: 3000,
  claimAgainMs: 100,
  askMs: 200,
  prepareMs: 3000,
  preparedMs: 10_000,
  successorMs: 1000,
  handoverMs: 3000,
  nameAgainMs: 50,
  firstTickMs: 2000,
  closedMs: 60_000,
  laterMessages: 200,
  recentMessages: 100,
  unconfirmedMessages: 64,
  unheardBatches: 100,
  laterBatches: 64,
  framesPerBatch: 1000,
  framesPerConnection: 6300,
  outgoingFrames: 50_000,
  requests: 1000,
  closedConnections: 10_000,
  processes: 1000,
};
