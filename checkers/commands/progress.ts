import type { ClusterStep, ClusterView } from "../core/report.ts";
import type { Io } from "./io.ts";

const minutes = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
};

const glyph = (step: ClusterStep, io: Io): string => {
  if (step.state === "done") return io.style("green", "✓");
  if (step.state === "failed") return io.style("red", "✗");
  if (step.state === "running") return io.style("cyan", "●");
  return io.style("dim", "○");
};

const stepLine = (step: ClusterStep, io: Io): string => {
  const time =
    step.state === "running"
      ? `${minutes(step.elapsed)} of about ${minutes(step.estimate)}`
      : step.state === "done"
        ? minutes(step.elapsed)
        : step.state === "todo"
          ? `about ${minutes(step.estimate)}`
          : "";
  const line = `  ${glyph(step, io)} ${step.title.padEnd(42)} ${io.style("dim", time)}`;
  return step.state === "failed" && step.detail ? `${line}\n      ${step.detail}` : line;
};

/** Shows the cluster coming up: redrawn in place on a terminal, one line per step begun or ended when piped. */
export const clusterProgress = (io: Io): { show(view: ClusterView): void; clear(): void } => {
  let drawn = 0;
  const said = new Map<string, string>();
  const clear = () => {
    if (io.tty && drawn > 0) process.stdout.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  return {
    clear,
    show(view) {
      if (io.tty) {
        clear();
        const lines = [
          `${io.style("bold", "Cluster")}  ${view.summary}${view.remaining ? io.style("dim", `, about ${minutes(view.remaining)} to go`) : ""}`,
          ...view.steps.map((step) => stepLine(step, io)),
        ].flatMap((text) => text.split("\n"));
        for (const line of lines) io.out(line);
        drawn = lines.length;
        return;
      }
      for (const step of view.steps) {
        if (step.state === "todo" || said.get(step.id) === step.state) continue;
        said.set(step.id, step.state);
        const what = step.state === "running" ? `begun, about ${minutes(step.estimate)}` : step.state;
        const took = step.state === "done" ? ` in ${minutes(step.elapsed)}` : "";
        io.out(
          `cluster: ${step.title}: ${what}${took}${step.state === "failed" && step.detail ? `: ${step.detail}` : ""}`,
        );
      }
    },
  };
};
