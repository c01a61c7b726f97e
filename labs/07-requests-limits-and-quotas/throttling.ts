/** A container's CPU accounting, as its control group keeps it. */
export interface CpuStat {
  /** Periods (100 ms each) in which the group had something to run, and those in which it had to stop for its limit. */
  periods: number;
  throttled: number;
  /** CPU time used, in milliseconds. */
  used: number;
}

/** Prints the accounting of the container it runs in: cgroup v2 keeps it in one file, v1 in two. Without a CPU limit the counts stay 0. */
export const readCpuStat = [
  "sh",
  "-c",
  "cat /sys/fs/cgroup/cpu.stat 2>/dev/null || { cat /sys/fs/cgroup/cpu/cpu.stat; echo usage_nsec $(cat /sys/fs/cgroup/cpuacct/cpuacct.usage); }",
] as const;

/** Reads what readCpuStat printed; undefined where it is something else. */
export function parseCpuStat(text: string): CpuStat | undefined {
  const fields = new Map(
    text.split("\n").map((line) => {
      const [name = "", value = ""] = line.trim().split(/\s+/);
      return [name, value === "" ? Number.NaN : Number(value)];
    }),
  );
  const micro = fields.get("usage_usec");
  const nano = fields.get("usage_nsec");
  const used = micro !== undefined ? micro / 1_000 : nano !== undefined ? nano / 1_000_000 : undefined;
  if (used === undefined || !Number.isFinite(used)) return undefined;
  return { periods: fields.get("nr_periods") ?? 0, throttled: fields.get("nr_throttled") ?? 0, used };
}

/** What happened between two readings. */
export const between = (before: CpuStat, after: CpuStat): CpuStat => ({
  periods: after.periods - before.periods,
  throttled: after.throttled - before.throttled,
  used: after.used - before.used,
});

/** Percent of the periods that were throttled; 0 where nothing is counted, which is so without a limit. */
export const share = ({ periods, throttled }: CpuStat): number => (periods === 0 ? 0 : (100 * throttled) / periods);

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};
