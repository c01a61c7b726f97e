import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../checkers/clock.ts";
import { runCheck } from "../../checkers/core/run.ts";
import { LiveCluster } from "../../checkers/kube/live.ts";
import { Transport } from "../../checkers/kube/transport.ts";
import { loadLabAt } from "../../checkers/labs.ts";
import { makeScene } from "../../checkers/probes/scene.ts";
import { launcher } from "./course.ts";
import { figure, median } from "./figures.ts";
import type { Bench, Measured, Part } from "./part.ts";
import type { Stage } from "./stage.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const labs = here("labs");
const slug = "90-structural";
const rounds = 10;
/** Warm runs in one round: one alone is over before the clock has ticked often. */
const warmRuns = 20;

/** Milliseconds a program takes from start to end. Rejects with its words when it does not end with 0. */
const timed = (file: string, args: string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    execFile(file, args, { env, signal, timeout: 120_000 }, (error, stdout, stderr) => {
      const took = performance.now() - began;
      if (signal.aborted) reject(signal.reason as Error);
      else if (error) reject(new Error(`${file} ${args.join(" ")}: ${(stdout + stderr).trim() || error.message}`));
      else resolve(took);
    });
  });

/** The structural checks on a live cache, in this process, as the server runs them. */
async function warmChecks(bench: Bench, stage: Stage): Promise<{ count: number; run(times: number): Promise<number> }> {
  const { namespace, kubeconfig } = stage;
  const lab = await loadLabAt(`${labs}/${slug}`, slug);
  const checks = Object.values(lab.checks(namespace));
  const transport = await Transport.open({ kubeconfig });
  const live = new LiveCluster(transport);
  bench.after(() => {
    live.close();
    transport.close();
  });
  const scene = makeScene({
    lab: lab.definition,
    namespace,
    cluster: live.in(namespace),
    transport,
    learnerKubeconfig: kubeconfig,
    folder: bench.scratch,
    signal: bench.signal,
  });
  const run = async (times: number): Promise<number> => {
    const all = Array.from({ length: times }, () => checks).flat();
    const began = performance.now();
    const verdicts = await Promise.all(all.map((one) => runCheck(one, scene, systemClock)));
    const took = performance.now() - began;
    const other = verdicts.find(({ state }) => state !== "pass");
    if (other) throw new Error(`a structural check of the solved lab does not pass: ${JSON.stringify(other)}`);
    return took;
  };
  return { count: checks.length, run };
}

async function run(bench: Bench): Promise<Measured> {
  const { signal } = bench;
  const stage = await bench.stage();
  const env = { ...stage.env, PATH: `${stage.bin}${delimiter}${process.env.PATH}` };
  const warm = await warmChecks(bench, stage);
  const bash = () => timed("bash", [here("lab-02-checks.sh"), stage.namespace], env, signal);
  const command = ["check", "90", "--labs", labs, "--namespace", stage.namespace];
  const fresh = () => timed(launcher, command, env, signal);
  const several = async (times: number): Promise<number> => {
    const took: number[] = [];
    for (let one = 0; one < warmRuns; one++) took.push(await warm.run(times));
    return median(took);
  };
  // Each once before it counts: kubectl fills its discovery cache, the workbook its compile cache, the live cache its lists.
  await bash();
  await fresh();
  await warm.run(1);
  const times: Record<"bash" | "warm" | "doubled" | "fresh", number[]> = { bash: [], warm: [], doubled: [], fresh: [] };
  for (let round = 0; round < rounds; round++) {
    bench.says(`round ${round + 1} of ${rounds}`);
    times.bash.push(await bash());
    times.fresh.push(await fresh());
    times.warm.push(await several(1));
    times.doubled.push(await several(2));
  }
  const pairs = (of: readonly number[]): number[] => of.map((took, round) => took / (times.bash[round] as number));
  const ofMedians = (of: readonly number[]): number => median(of) / median(times.bash);
  const fiftieth = { limit: 1 / 50, sense: "at most", of: "median" } as const;
  const quarter = { limit: 1 / 4, sense: "at most", of: "median" } as const;
  const { count } = warm;
  return {
    figures: [
      figure("bash, 12 kubectl calls", "ms", times.bash),
      figure(`warm, ${count} structural checks (those 12 assertions)`, "ms", times.warm),
      figure(`warm, ${count * 2} checks (each twice)`, "ms", times.doubled),
      figure(`./workbook check, fresh process, ${count} checks`, "ms", times.fresh),
      figure("warm / bash, of medians", "ratio", [ofMedians(times.warm)], fiftieth),
      figure("warm / bash, pair by pair", "ratio", pairs(times.warm)),
      figure(`warm, ${count * 2} checks / bash, of medians`, "ratio", [ofMedians(times.doubled)], fiftieth),
      figure("fresh / bash, of medians", "ratio", [ofMedians(times.fresh)], quarter),
      figure("fresh / bash, pair by pair", "ratio", pairs(times.fresh)),
    ],
    notes: [
      "One run, in turn: bash, fresh, warm, warm twice; lab 02 solved, all assertions hold in each.",
      `A warm figure is the median of ${warmRuns} runs of its round.`,
    ],
  };
}

export const checks: Part = { name: "checks", says: "structural checks beside the same assertions in bash", run };
