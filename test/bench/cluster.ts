import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { downCluster } from "../../cluster/index.ts";
import { paths } from "../../cluster/paths.ts";
import { recipe } from "../../cluster/source/recipe.ts";
import { startCourse } from "./course.ts";
import { type Figure, figure } from "./figures.ts";
import type { Bench, Measured, Part } from "./part.ts";

/** Steps of making a cluster out of images that are there. */
const creation = new Set(["engine", "image", "cluster", "ready", "load"]);

/** Deletes the benchmark's cluster. downCluster speaks of the cluster its process was started for, so this lends it the names. */
async function purge(env: NodeJS.ProcessEnv): Promise<void> {
  const names = ["WORKBOOK_CLUSTER", "WORKBOOK_HOME"];
  const own = names.map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, Object.fromEntries(names.map((name) => [name, env[name]])));
  try {
    await downCluster({ purge: true, keepCache: true, signal: AbortSignal.timeout(180_000) });
  } finally {
    for (const [name, value] of own) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** What the steps took that were run on this machine, as `up` notes it for its estimates; in seconds. */
function recorded(): { total: number; steps: string[]; missing: string[] } {
  const { cache } = paths();
  const file = join(cache, "durations.json");
  const durations = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, number>) : {};
  const { steps } = recipe({
    cache,
    log: "",
    goCommand: () => "go",
    engine: () => {
      throw new Error("nothing is built here");
    },
    imageThere: async () => false,
  });
  const seconds = Object.entries(durations).map(([id, ms]) => [id, ms / 1000] as const);
  return {
    total: seconds.reduce((sum, [, took]) => sum + took, 0),
    steps: seconds.map(([id, took]) => `${id} ${took.toFixed(1)} s`),
    missing: steps.map(({ id }) => id).filter((id) => durations[id] === undefined),
  };
}

async function run(bench: Bench): Promise<Measured> {
  const { signal } = bench;
  // Before: creating a cluster writes its own figures there.
  const known = recorded();
  const env = { ...process.env, WORKBOOK_CLUSTER: "workbook-bench", WORKBOOK_HOME: join(bench.scratch, "cluster") };
  bench.says("a cluster named workbook-bench is made from the cached images and deleted afterwards");
  bench.after(async () => {
    bench.says("deleting the cluster workbook-bench");
    await purge(env);
  });
  const course = await startCourse({ env, args: ["--provider", "kind"], signal });
  bench.after(() => course.stop());
  let from: number;
  let to: number;
  try {
    from = (await course.event("open", 180_000)).at;
    to = (await course.event("up", 600_000)).at;
  } finally {
    await course.stop();
  }
  const steps = (course.events.findLast(({ type }) => type === "cluster")?.cluster?.steps ?? []).map((step) => ({
    ...step,
    elapsed: step.elapsed / 1000,
  }));
  // Where an image was not in the cache after all, making it is not part of the figure.
  const made = steps.filter(({ id, elapsed }) => !creation.has(id) && elapsed > 0);
  const whole = (to - from) / 1000 - made.reduce((sum, { elapsed }) => sum + elapsed, 0);
  const told = (list: readonly { title: string; elapsed: number }[]): string =>
    list.map(({ title, elapsed }) => `${title} ${elapsed.toFixed(1)} s`).join(", ");
  const figures: Figure[] = [
    figure("cluster from cached images, labs' images loaded", "s", [whole], { limit: 60, sense: "at most", of: "max" }),
  ];
  if (known.steps.length > 0) {
    const all = known.missing.length === 0;
    figures.push(
      figure(
        `from package registries, as recorded here${all ? "" : ", not all steps"}`,
        "s",
        [known.total],
        all ? { limit: 25 * 60, sense: "at most", of: "max" } : undefined,
      ),
    );
  }
  return {
    figures,
    notes: [
      `Steps: ${told(steps.filter(({ id, elapsed }) => creation.has(id) && elapsed > 0))}.`,
      ...(made.length > 0 ? [`Was not in the cache, was made first and is not counted: ${told(made)}.`] : []),
      `Recorded, one after the other (some run side by side): ${known.steps.join(", ") || "nothing"}.`,
      ...(known.missing.length > 0
        ? [
            `Never run on this machine, so the sum says nothing about a build from nothing: ${known.missing.join(", ")}.`,
          ]
        : []),
    ],
  };
}

export const cluster: Part = { name: "cluster", says: "a cluster from cached images; from source, as recorded", run };
