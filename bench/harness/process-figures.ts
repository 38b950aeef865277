// Reads figures about processes and cores from /proc: CPU time, memory and open file descriptors. Works on Linux only.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

let ticksPerSecond: number | undefined;

/** Returns the number of clock ticks per second. /proc counts time in clock ticks. */
function clockTicks(): number {
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"]).toString());
  return ticksPerSecond;
}

/** Returns the CPU time that a process has used, in microseconds: user and kernel time of all threads. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets. The name may contain any character, so the split begins after
  // the brackets. `fields` begins with field 3, so fields 14 and 15 (utime and stime) have the indices 11 and 12.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / clockTicks()) * 1e6;
}

/**
 * Returns the resident set size of a process, in kilobytes of 1000 bytes.
 * @throws {Error} if the process has exited.
 */
export function residentKilobytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (!match) throw new Error(`cannot read the memory of process ${pid}: it has exited`);
  return (Number(match[1]) * 1024) / 1000;
}

/** Returns the number of file descriptors that a process has open. Most of them are sockets. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/**
 * Returns for how many microseconds a core has been busy with any process. This includes the time that the host of this
 * virtual machine gave to other machines (steal).
 */
export function busyMicroseconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[1];
  if (line === undefined) throw new Error(`core ${core} does not exist`);
  // The fields are user, nice, system, idle, iowait, irq, softirq and steal. User time includes guest time.
  const [user, nice, system, , , ...interrupts] = line.split(" ").slice(0, 8).map(Number) as [number, number, number];
  const sum = [user, nice, system, ...(interrupts as number[])].reduce((total, ticks) => total + ticks, 0);
  return (sum / clockTicks()) * 1e6;
}
