import type { V1Pod } from "@kubernetes/client-node";
import type { Probes } from "../../checkers/core/check.ts";
import { LookError } from "../../checkers/core/errors.ts";
import { between, type CpuStat, parseCpuStat, readCpuStat } from "./throttling.ts";

async function cpuStat({ exec }: Probes, pod: string): Promise<CpuStat> {
  const { stdout, stderr } = await exec(pod, readCpuStat);
  const stat = parseCpuStat(stdout);
  if (!stat) throw new LookError(`The CPU accounting of pod/${pod} cannot be read: ${stderr.trim() || "it is empty"}.`);
  return stat;
}

export interface Sample {
  /** Milliseconds each answered request took, in order. */
  times: number[];
  /** The container's CPU accounting over the sample. */
  cpu: CpuStat;
}

/** n requests to one pod, each when the one before is answered, over one connection from inside the cluster. */
export async function oneAfterAnother(probes: Probes, pod: V1Pod, port: number, n: number): Promise<Sample> {
  const url = `http://${pod.status?.podIP}:${port}/?[1-${n}]`;
  const name = pod.metadata?.name ?? "";
  const before = await cpuStat(probes, name);
  const { stdout } = await probes.inside(["curl", "-s", "-o", "/dev/null", "--max-time", "30", "-w", timing, url]);
  return { times: answered(stdout), cpu: between(before, await cpuStat(probes, name)) };
}

/** n requests to one pod at the same moment, a connection each. */
export async function atOnce(probes: Probes, pod: V1Pod, port: number, n: number): Promise<Sample> {
  const urls = Array.from({ length: n }, (_, index) => `http://${pod.status?.podIP}:${port}/?${index}`);
  const name = pod.metadata?.name ?? "";
  const before = await cpuStat(probes, name);
  const { stdout } = await probes.inside([
    ...["curl", "-s", "--parallel", "--parallel-immediate", "--parallel-max", String(n), "--max-time", "30"],
    ...["-w", timing],
    ...urls.flatMap((url) => ["-o", "/dev/null", url]),
  ]);
  return { times: answered(stdout), cpu: between(before, await cpuStat(probes, name)) };
}

const timing = "%{http_code} %{time_total}\\n";

const answered = (output: string): number[] =>
  output
    .split("\n")
    .map((line) => /^200 (\d+(?:\.\d+)?)$/.exec(line.trim())?.[1])
    .filter((seconds) => seconds !== undefined)
    .map((seconds) => Number(seconds) * 1_000);
