// Figures that the kernel has about processes and cores: CPU time, memory and open descriptors. Linux only.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

let ticksPerSecond: number | undefined;

/** Returns the number of clock ticks per second, the unit in which /proc counts time. */
function clockTicks(): number {
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"]).toString());
  return ticksPerSecond;
}

/** Returns the CPU time that a process has used, in microseconds: user and kernel time of all threads. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the name in brackets, which may contain any character. utime and stime are fields 14 and 15.
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
 * Returns the time for which a core has been busy, with any process, in microseconds. Time stolen by the host counts
 * too.
 */
export function busyMicroseconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[1];
  if (line === undefined) throw new Error(`core ${core} does not exist`);
  // The fields are user, nice, system, idle, iowait, irq, softirq and steal. User time includes guest time.
  const [user, nice, system, , , ...interrupts] = line.split(" ").slice(0, 8).map(Number) as [number, number, number];
  const sum = [user, nice, system, ...(interrupts as number[])].reduce((total, ticks) => total + ticks, 0);
  return (sum / clockTicks()) * 1e6;
}
