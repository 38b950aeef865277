// The names of the keys and channels in Redis. Each cluster on a Redis has its own prefix. Channels need a prefix
// too, because all databases of a Redis share them.

/** The names of one cluster. */
export interface RedisNames {
  /** The process that owns the lease. The key expires. */
  readonly owner: string;
  /** The epoch of the last owner. */
  readonly epoch: string;
  /** The newest place that an authority has published. */
  readonly newest: string;
  /** The processes of the cluster. Each entry has its expiry time and the hashes of the process's settings. */
  readonly processes: string;
  /** The channel of all processes. */
  readonly all: string;
  /** The channel of one process. */
  of(process: string): string;
}

export function redisNames(prefix: string): RedisNames {
  return {
    owner: `${prefix}:owner`,
    epoch: `${prefix}:epoch`,
    newest: `${prefix}:newest`,
    processes: `${prefix}:processes`,
    all: `${prefix}:all`,
    of: (process) => `${prefix}:process:${process}`,
  };
}
