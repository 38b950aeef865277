// What the kernel knows of processes and cores: who has had a core for how long, and what memory they hold.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

let ticksPerSecond: number | undefined;

/** The clock tick that /proc counts in, per second. */
function clockTicks(): number {
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"]).toString());
  return ticksPerSecond;
}

/** CPU time that a process has had so far, in its own code and in the kernel, all threads together; in microseconds. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the name in brackets, which may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / clockTicks()) * 1e6;
}

/** Memory of a process that is in RAM (its resident set), in kilobytes of 1000 bytes. */
export function residentKilobytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (!match) throw new Error(`the process ${pid} has no memory any more`);
  return (Number(match[1]) * 1024) / 1000;
}

/** File descriptors that a process has open: its sockets, above all. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Time that a core was not idle so far, whoever had it, in microseconds; time that the host took from us counts too. */
export function busyMicroseconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[1];
  if (line === undefined) throw new Error(`there is no core ${core}`);
  // user, nice, system, idle, waiting for disks, interrupts, soft interrupts, stolen; guests are within user.
  const [user, nice, system, , , ...interrupts] = line.split(" ").slice(0, 8).map(Number) as [number, number, number];
  const sum = [user, nice, system, ...(interrupts as number[])].reduce((total, ticks) => total + ticks, 0);
  return (sum / clockTicks()) * 1e6;
}
