import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import type { ClusterStep } from "./types.ts";

export interface StepContext {
  signal: AbortSignal;
  /** What the step is doing right now, in a few words. */
  detail: (text: string) => void;
}

/** One named piece of the set-up. `done` makes it resumable: a step whose result is in the cache is not run. */
export interface Step {
  id: string;
  title: string;
  /** Steps of the "cpu" lane run one at a time, since each uses every core; "io" steps run beside them. */
  lane: "cpu" | "io";
  needs?: readonly string[];
  /** The recipe's own figure in milliseconds, used until this machine has one. */
  estimate: number;
  done: () => boolean | Promise<boolean>;
  run: (context: StepContext) => Promise<void>;
}

export interface RunStepsOptions {
  signal: AbortSignal;
  /** JSON file with how long each step took here; absent or unreadable is fine. */
  durations?: string;
  onChange?: (steps: ClusterStep[]) => void;
  /** Milliseconds between reports while something runs. */
  tick?: number;
}

/** Milliseconds by name, as kept in a file; one that is missing or makes no sense is as good as none. */
export function readDurations(file: string | undefined): Record<string, number> {
  if (!file) return {};
  try {
    const data: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof data !== "object" || data === null) return {};
    return Object.fromEntries(
      Object.entries(data).filter((entry): entry is [string, number] => Number.isFinite(entry[1]) && entry[1] >= 0),
    );
  } catch {
    return {};
  }
}

/**
 * Runs every step that isn't done, in the order their needs allow. When one fails or the signal aborts, the others are
 * stopped, what is finished stays in the cache, and the first error is thrown. Returns the steps as they ended.
 */
export async function runSteps(steps: readonly Step[], options: RunStepsOptions): Promise<ClusterStep[]> {
  const { signal, onChange } = options;
  signal.throwIfAborted();
  const known = new Set(steps.map((step) => step.id));
  for (const step of steps) {
    for (const need of step.needs ?? []) {
      if (!known.has(need)) throw new Error(`Step ${step.id} needs ${need}, which is not a step.`);
    }
  }
  const durations = readDurations(options.durations);
  const views = new Map<string, ClusterStep>(
    steps.map((step) => [
      step.id,
      { id: step.id, title: step.title, state: "todo", elapsed: 0, estimate: durations[step.id] ?? step.estimate },
    ]),
  );
  const started = new Map<string, number>();
  const report = () => {
    for (const [id, at] of started) {
      const view = views.get(id)!;
      if (view.state === "running") view.elapsed = Math.round(performance.now() - at);
    }
    onChange?.([...views.values()].map((view) => ({ ...view })));
  };
  for (const step of steps) {
    if (await step.done()) {
      const view = views.get(step.id)!;
      view.state = "done";
      view.estimate = 0;
      view.detail = "kept from before";
    }
  }
  report();

  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const running = new Map<string, Promise<void>>();
  let failure: { error: unknown } | undefined;
  const start = (step: Step) => {
    const view = views.get(step.id)!;
    view.state = "running";
    started.set(step.id, performance.now());
    const detail = (text: string) => {
      view.detail = text.slice(0, 200);
    };
    const finished = step
      .run({ signal: both, detail })
      .then(async () => {
        view.state = "done";
        delete view.detail;
        view.elapsed = Math.round(performance.now() - started.get(step.id)!);
        // A small part of the time it took before means it found most of its work done: no measure of doing all of it.
        if (view.elapsed >= (durations[step.id] ?? 0) / 4) durations[step.id] = view.elapsed;
        if (options.durations) {
          const temporary = `${options.durations}.${process.pid}`;
          await writeFile(temporary, `${JSON.stringify(durations, null, 1)}\n`);
          await rename(temporary, options.durations);
        }
      })
      .catch((error: unknown) => {
        view.state = signal.aborted || failure ? "todo" : "failed";
        failure ??= { error };
        stop.abort(error);
      })
      .finally(() => {
        running.delete(step.id);
        report();
      });
    running.set(step.id, finished);
    report();
  };
  const timer = setInterval(report, options.tick ?? 1000);
  try {
    for (;;) {
      if (!failure && !signal.aborted) {
        for (const step of steps) {
          if (views.get(step.id)!.state !== "todo") continue;
          if (!(step.needs ?? []).every((need) => views.get(need)!.state === "done")) continue;
          const busy = steps.some((other) => other.lane === "cpu" && running.has(other.id));
          if (step.lane === "cpu" && busy) continue;
          start(step);
        }
      }
      if (running.size === 0) break;
      await Promise.race(running.values());
    }
  } finally {
    clearInterval(timer);
  }
  signal.throwIfAborted();
  if (failure) throw failure.error;
  const stuck = [...views.values()].filter((view) => view.state !== "done");
  if (stuck.length > 0) throw new Error(`These steps wait for each other: ${stuck.map((view) => view.id).join(", ")}.`);
  return [...views.values()];
}

/** Progress from 0 to 1 and the milliseconds still to go: one lane of heavy steps, the light ones beside it. */
export function summarize(
  steps: readonly ClusterStep[],
  lanes?: ReadonlyMap<string, Step["lane"]>,
): {
  progress: number;
  remaining: number;
} {
  let total = 0;
  let spent = 0;
  let heavy = 0;
  let light = 0;
  for (const step of steps) {
    const weight = step.state === "done" ? Math.max(step.estimate, 1) : Math.max(step.estimate, step.elapsed, 1);
    // A step that overruns its estimate never looks finished.
    const part = step.state === "done" ? weight : Math.min(step.elapsed, weight * 0.95);
    total += weight;
    spent += part;
    const left = step.state === "done" ? 0 : Math.max(weight - step.elapsed, weight * 0.05);
    if (lanes?.get(step.id) === "io") light = Math.max(light, left);
    else heavy += left;
  }
  return { progress: total === 0 ? 1 : spent / total, remaining: Math.round(Math.max(heavy, light)) };
}
