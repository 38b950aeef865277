// The stats agent is loaded into a server's process with `node --import`. It reports figures that are not visible from
// outside: the heap after a garbage collection, and the delay of the event loop. It communicates over its own pipe,
// file descriptor 3. It does not use Node's IPC channel, because some packages of the server take an IPC channel
// as a sign of a process manager, and then behave differently.
import { Socket } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The response of the stats agent. Memory is in bytes, times are in milliseconds. */
export interface Vitals {
  /** Heap in use. It is read after a garbage collection if one was requested. */
  heap: number;
  /** Memory of buffers outside the heap. */
  external: number;
  resident: number;
  /** The delay of timers since the last request. */
  delay: { p50: number; p99: number; max: number };
}

/** The descriptor of the pipe. */
const PIPE = 3;

/** The interval of the timer that measures the delay, in milliseconds. The histogram's values include this interval. */
const RESOLUTION_MS = 10;

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

const pipe = new Socket({ fd: PIPE });
// The pipe must not keep the server alive, and its errors must not end the server.
pipe.unref();
pipe.on("error", () => {});

createInterface({ input: pipe }).on("line", (request) => {
  const delayOf = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const delays = { p50: delayOf(delay.percentile(50)), p99: delayOf(delay.percentile(99)), max: delayOf(delay.max) };
  delay.reset();
  if (request === "collect") collect();
  const { heapUsed: heap, external, rss: resident } = process.memoryUsage();
  pipe.write(`${JSON.stringify({ heap, external, resident, delay: delays } satisfies Vitals)}\n`);
});
