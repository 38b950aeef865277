// Makes this process a part of the cluster that uses the Redis server at REDIS_URL. src/run.ts imports this file only
// if REDIS_URL is set.
import { randomUUID } from "node:crypto";
import { RULES } from "../replay/format.ts";
import { PROTOCOL_VERSION } from "../schema/protocol.ts";
import { hashOfMap } from "../sim/hash.ts";
import type { WorldMap } from "../sim/map.ts";
import { Cluster, type ClusterParts } from "./cluster/cluster.ts";
import { WIRE_VERSION } from "./cluster/codec.ts";
import { ClusterError, joinCluster } from "./cluster/join-cluster.ts";
import type { Config } from "./config.ts";
import type { Store } from "./store/store.ts";
import type { WriteBehind } from "./store/write-behind.ts";
import type { createLogger } from "./telemetry/logger.ts";

export { ClusterError };

/** The parts of the starting server that the cluster needs. */
interface ServerParts {
  config: Config;
  maps: ReadonlyMap<string, WorldMap>;
  store: Store;
  writeBehind: WriteBehind;
  logger: ReturnType<typeof createLogger>;
}

/** The settings that must be the same in all processes, so that any process can run the rooms. */
const COMMON_SETTINGS = [
  "JWT_SECRET",
  "JWT_SECRET_OLD",
  "MAX_PLAYERS_PER_WORLD",
  "MAX_IDLE_SECONDS",
  "MAX_BYTES_PER_CLIENT",
  "MAX_MESSAGES_PER_SECOND",
  "MAX_FRAME_BYTES",
  "MAX_CONNECTIONS_PER_ADDRESS",
  "MAX_JOINS_PER_MINUTE",
] as const satisfies (keyof Config)[];

/** This process's place in a cluster. */
export interface ClusterPlace {
  /** Creates the cluster's part of the app. Call it once. */
  create(parts: ClusterParts): Cluster;
  /** Leaves the cluster, so that processes with other settings can start. */
  leave(): Promise<void>;
}

/**
 * Adds this process to the cluster if Redis is usable and the process has the same database, versions, maps and
 * COMMON_SETTINGS as the other processes.
 * @throws {ClusterError} if the process cannot be part of the cluster.
 */
export async function enterCluster({ config, maps, store, writeBehind, logger }: ServerParts): Promise<ClusterPlace> {
  const process = randomUUID();
  const prefix = config.REDIS_PREFIX;
  const redis = {
    url: config.REDIS_URL!,
    sentinels: config.REDIS_SENTINELS,
    master: config.REDIS_SENTINEL_MASTER,
    sentinelPassword: config.REDIS_SENTINEL_PASSWORD,
  };
  const { id, epoch, prefix: prefixOfDatabase } = await store.cluster(prefix);
  // Two clusters must not use one database. Each cluster has an authority, the process that runs its rooms, and the two
  // authorities would block each other's saves.
  if (prefixOfDatabase !== prefix) {
    throw new ClusterError([
      `REDIS_PREFIX: got ${prefix}; the database of DATABASE_URL belongs to the cluster ${prefixOfDatabase}. Set the same ` +
        "REDIS_PREFIX in all processes, or use another database.",
    ]);
  }
  const membership = await joinCluster({
    redis,
    prefix,
    process,
    common: {
      database: id,
      wire: [WIRE_VERSION, PROTOCOL_VERSION],
      rules: RULES,
      maps: [...maps.values()].map((map) => [map.name, hashOfMap(map), map.objects]),
      ...Object.fromEntries(COMMON_SETTINGS.map((name) => [name, config[name]])),
    },
    logger,
  });
  return {
    create: (parts) =>
      new Cluster(
        {
          redis,
          prefix,
          process,
          knownEpoch: epoch,
          maxConnections: config.MAX_PLAYERS_PER_ROOM,
          maxPlayersPerWorld: config.MAX_PLAYERS_PER_WORLD,
          maxConnectionsPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
          maxJoinsPerMinute: config.MAX_JOINS_PER_MINUTE,
          publicAddress: config.PUBLIC_ADDRESS,
          monitor: { user: config.MONITOR_USER, password: config.MONITOR_PASSWORD },
          fence: (epoch) => writeBehind.fence(epoch),
          log: logger,
        },
        parts,
      ),
    leave: () => membership.leave(),
  };
}
