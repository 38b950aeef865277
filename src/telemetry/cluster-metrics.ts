// The metrics of a process in a cluster. Without a cluster, all of them are 0.
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** The roles of a process: it runs the rooms (authority), is about to run them (claimant), or neither (replica). */
const CLUSTER_ROLES = ["authority", "claimant", "replica"] as const;

/** The state of a process in its cluster at the time of a scrape. */
export interface ClusterFigures {
  role: (typeof CLUSTER_ROLES)[number];
  epoch: number;
  /** The processes that the authority considers alive. */
  processes: number;
  /** Milliseconds since the process last heard from the authority; 0 for the authority itself. */
  lagMs: number;
  /** The client connections that the process carries. */
  connections: number;
  /** Bytes of messages to and from other processes, over Redis. */
  bytesSent: number;
  bytesReceived: number;
}

const WITHOUT_CLUSTER: Omit<ClusterFigures, "role"> & { role?: undefined } = {
  epoch: 0,
  processes: 0,
  lagMs: 0,
  connections: 0,
  bytesSent: 0,
  bytesReceived: 0,
};

/** The cluster metrics of a registry. */
export class ClusterMetrics {
  readonly #roundTrips: Histogram;

  /** @param figures returns undefined if the process is not part of a cluster. */
  constructor(registry: Registry, figures: () => ClusterFigures | undefined) {
    const registers = [registry];
    const now = () => figures() ?? WITHOUT_CLUSTER;
    const gauge = (name: string, help: string, read: (figures: ReturnType<typeof now>) => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read(now()));
        },
      });
    new Gauge({
      name: "sabang_cluster_role",
      help: "1 for the role of the process in its cluster, 0 for the other roles. Without a cluster, all are 0.",
      labelNames: ["role"],
      registers,
      collect() {
        for (const role of CLUSTER_ROLES) this.set({ role }, role === now().role ? 1 : 0);
      },
    });
    gauge("sabang_cluster_epoch", "The newest epoch that the process knows.", ({ epoch }) => epoch);
    gauge("sabang_cluster_processes", "Processes that the authority considers alive.", ({ processes }) => processes);
    gauge(
      "sabang_cluster_lag_seconds",
      "Time since the process has heard the authority; 0 for the authority.",
      ({ lagMs }) => lagMs / 1000,
    );
    gauge(
      "sabang_cluster_connections",
      "Connections of clients that the process carries in a cluster.",
      ({ connections }) => connections,
    );
    new Counter({
      name: "sabang_cluster_bytes_total",
      help: "Bytes of messages between processes over Redis, by direction.",
      labelNames: ["direction"],
      registers,
      collect() {
        const { bytesSent, bytesReceived } = now();
        this.reset();
        this.inc({ direction: "sent" }, bytesSent);
        this.inc({ direction: "received" }, bytesReceived);
      },
    });
    this.#roundTrips = new Histogram({
      name: "sabang_cluster_redis_seconds",
      help: "Time that Redis takes to answer a command.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    });
  }

  /** Called when Redis has answered a command, with the time that the answer took. */
  roundTrip(milliseconds: number): void {
    this.#roundTrips.observe(milliseconds / 1000);
  }
}
