// Rides along in a server's process (`node --import`) and tells what cannot be seen from outside: what the heap holds
// after a collection, and how late the event loop was. It speaks over a pipe of its own, file descriptor 3: an IPC channel
// would be noticed by packages of the server, which then behave as they do under a process manager.
import { Socket } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What the passenger tells when it is asked. Bytes and milliseconds. */
export interface Vitals {
  /** In use: after a collection if that was asked for. */
  heap: number;
  /** Memory of buffers, outside the heap. */
  external: number;
  resident: number;
  /** How much later than meant timers came, since the last question. */
  delay: { p50: number; p99: number; max: number };
}

/** The descriptor of the pipe. */
const PIPE = 3;

/** Milliseconds of the timer that the delay is measured by; the histogram holds it too. */
const RESOLUTION_MS = 10;

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

const pipe = new Socket({ fd: PIPE });
// Neither the pipe nor its other end keeps the server alive, or ends it.
pipe.unref();
pipe.on("error", () => {});

createInterface({ input: pipe }).on("line", (question) => {
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const lateness = { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) };
  delay.reset();
  if (question === "collect") collect();
  const { heapUsed: heap, external, rss: resident } = process.memoryUsage();
  pipe.write(`${JSON.stringify({ heap, external, resident, delay: lateness } satisfies Vitals)}\n`);
});
