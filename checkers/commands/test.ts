import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "./io.ts";
import { failedOutsideTests, type Tally, tally, type VitestReport } from "./vitest-report.ts";

const root = new URL("../..", import.meta.url).pathname;
const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** What a stage needs of the machine beyond Node. */
interface Bench {
  env: NodeJS.ProcessEnv;
  scratch: string;
  io: Io;
  signal: AbortSignal;
}

interface Stage {
  name: string;
  says: string;
  needsCluster: boolean;
  run(bench: Bench): Promise<Tally>;
}

/** Runs a program with its output on ours; resolves to its exit code, or 1 when it could not start. */
const program = (file: string, args: string[], bench: Bench, env: NodeJS.ProcessEnv = {}): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      env: { ...bench.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const stop = () => child.kill("SIGINT");
    bench.signal.addEventListener("abort", stop, { once: true });
    child.on("error", (error) => {
      bench.io.err(`${file}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code) => {
      bench.signal.removeEventListener("abort", stop);
      resolve(code ?? 1);
    });
  });

/** A stage that is one program: it counts as one test. */
const one =
  (file: string, ...args: string[]) =>
  async (bench: Bench): Promise<Tally> =>
    (await program(file, args, bench)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };

/**
 * What shares one cluster and one state folder takes turns. A cluster on a busy machine is late now and then where a test did not expect it: what fails
 * is tried once more, and named at the end all the same.
 */
const again = "--retry=1";
const inTurn = ["--no-file-parallelism", again];

/** Runs vitest's files; resolves to its report, or to nothing where it ended without one. */
async function vitestOnce(bench: Bench, filters: string[], flags: string[]): Promise<VitestReport | undefined> {
  const report = join(mkdtempSync(join(bench.scratch, "vitest-")), "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`];
  const args = ["run", "--config", "test/vitest.config.ts", ...reporters, ...flags, ...filters];
  const code = await program(bin("vitest"), args, bench);
  return existsSync(report) ? { ...JSON.parse(readFileSync(report, "utf8")), code } : undefined;
}

/** A stage of vitest files, counted test by test. With `again`, a file that fails outside its tests gets a second try as well. */
const vitest =
  (filters: string[], ...flags: string[]) =>
  async (bench: Bench): Promise<Tally> => {
    const first = await vitestOnce(bench, filters, flags);
    if (!first) return { passed: 0, failed: 1, remarks: [`✗ ${filters.join(" ")}: vitest ended without a report`] };
    const files = first.testResults.filter(failedOutsideTests).map(({ name }) => name);
    if (!flags.includes(again) || files.length === 0 || bench.signal.aborted) return tally(first, root);
    return tally(first, root, await vitestOnce(bench, files, flags));
  };

/** Where the contract leaves the states it came to, a file each, below the run's scratch folder. */
const statesIn = (bench: Bench): string => join(bench.scratch, "states");

/**
 * Every lab's contract on the test cluster, counted step by step. Of exams' tasks what takes no cluster: all of theirs would take a third of an hour more,
 * and has to be asked for by name (CONTRIBUTING.md).
 */
const contract = async (bench: Bench): Promise<Tally> => {
  const { verifyLabs } = await import("../contract/verify.ts");
  const states = statesIn(bench);
  mkdirSync(states, { recursive: true, mode: 0o700 });
  const result = await verifyLabs({
    labs: [],
    tasksStatic: true,
    io: bench.io,
    signal: bench.signal,
    env: bench.env,
    recorded: (state) =>
      writeFileSync(join(states, `${state.lab} ${state.name}.json`.replaceAll("/", " ")), JSON.stringify(state)),
  });
  const remarks = result.steps.filter((step) => !step.ok).map((step) => `✗ ${step.lab} ${step.name}`);
  return { passed: result.passed, failed: result.failed, remarks };
};

/** One after the other, counted together. */
const both =
  (...parts: ((bench: Bench) => Promise<Tally>)[]) =>
  async (bench: Bench): Promise<Tally> => {
    const total: Required<Tally> = { passed: 0, failed: 0, remarks: [] };
    for (const part of parts) {
      const { passed, failed, remarks = [] } = await part(bench);
      total.passed += passed;
      total.failed += failed;
      total.remarks.push(...remarks);
    }
    return total;
  };

/** Tests that have places of their own on the cluster and mostly wait: two files at a time. */
const beside = "test/checkers/live/beside";

/** Tests of the states that the contract came to. */
const recorded = "test/checkers/recorded";

const unitFolders = [
  "test/app",
  "test/cluster",
  "test/checkers/unit",
  "test/server",
  "test/site",
  "test/labs",
  "test/bench",
  "test/gates",
];

const stages: Stage[] = [
  { name: "format", says: "format and lint", needsCluster: false, run: one(bin("biome"), "ci", ".") },
  { name: "types", says: "types", needsCluster: false, run: one(bin("tsc"), "--noEmit") },
  {
    name: "astro",
    says: "types of the pages",
    needsCluster: false,
    run: one(bin("astro"), "check", "--tsconfig", "site/src/tsconfig.json"),
  },
  { name: "knip", says: "nothing unused", needsCluster: false, run: one(bin("knip"), "--config", "test/knip.json") },
  { name: "unit", says: "units", needsCluster: false, run: vitest(unitFolders) },
  {
    name: "live",
    says: "the checkers on a real cluster",
    needsCluster: true,
    run: both(
      vitest([beside], again, "--maxWorkers=2"),
      vitest(["test/checkers/live"], ...inTurn, "--exclude", `${beside}/**`),
    ),
  },
  {
    name: "contract",
    says: "every lab's contract on a real cluster, and the states it came to graded again",
    needsCluster: true,
    run: both(contract, (bench) =>
      vitest([recorded])({ ...bench, env: { ...bench.env, WORKBOOK_TEST_STATES: statesIn(bench) } }),
    ),
  },
  { name: "browser", says: "a browser through lab 01", needsCluster: true, run: vitest(["test/browser"], ...inTurn) },
  { name: "faults", says: "what breaks in real life", needsCluster: true, run: vitest(["test/faults"], ...inTurn) },
];

/**
 * Proves the product on this machine: static stages first, then a cluster of its own (named workbook-test, so a learner's
 * stays untouched) with a state folder of its own. The last line printed is "N passed, N failed".
 */
export async function test(options: { stages: string[]; keep?: boolean }, io: Io): Promise<number> {
  const unknown = options.stages.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    io.err(`There is no stage ${unknown.join(", ")}. Stages: ${stages.map((stage) => stage.name).join(", ")}.`);
    return 2;
  }
  const chosen = stages.filter((stage) => options.stages.length === 0 || options.stages.includes(stage.name));
  const scratch = mkdtempSync(join(tmpdir(), "workbook-test-"));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    WORKBOOK_HOME: join(scratch, "home"),
    WORKBOOK_CLUSTER: "workbook-test",
    PATH: `${join(root, "node_modules/node/bin")}:${process.env.PATH}`,
  };
  Object.assign(process.env, { WORKBOOK_HOME: env.WORKBOOK_HOME, WORKBOOK_CLUSTER: env.WORKBOOK_CLUSTER });
  const abort = new AbortController();
  const interrupt = () => abort.abort(new Error("interrupted"));
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);

  const total: Tally = { passed: 0, failed: 0 };
  const ledger: string[] = [];
  const remarks: string[] = [];
  let clusterUp = false;
  try {
    for (const stage of chosen) {
      if (abort.signal.aborted) break;
      const began = performance.now();
      io.out(`\n${io.style("bold", `── ${stage.name}: ${stage.says}`)}`);
      let counts: Tally;
      try {
        if (stage.needsCluster && !clusterUp) {
          const { testCluster } = await import("./test-cluster.ts");
          Object.assign(env, await testCluster(io, abort.signal));
          Object.assign(process.env, env);
          clusterUp = true;
        }
        counts = await stage.run({ env, scratch, io, signal: abort.signal });
      } catch (error) {
        io.report(error);
        counts = { passed: 0, failed: 1 };
      }
      total.passed += counts.passed;
      total.failed += counts.failed;
      remarks.push(...(counts.remarks ?? []));
      const seconds = Math.round((performance.now() - began) / 1000);
      ledger.push(
        `${stage.name.padEnd(10)} ${String(counts.passed).padStart(4)} passed ${String(counts.failed).padStart(4)} failed ${String(seconds).padStart(5)} s`,
      );
    }
  } finally {
    if (clusterUp && !options.keep) {
      const { endTestCluster } = await import("./test-cluster.ts");
      await endTestCluster(io).catch((error) => io.report(error));
    }
    if (!options.keep) rmSync(scratch, { recursive: true, force: true });
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
  if (abort.signal.aborted) total.failed += 1;
  io.out();
  for (const line of [...ledger, ...remarks]) io.out(line);
  io.out(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}
