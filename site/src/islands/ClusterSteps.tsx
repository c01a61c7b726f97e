import { Check, Circle, LoaderCircle, X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import type { ClusterStep, ClusterView } from "../../../checkers/core/report.ts";
import { about, clock } from "../stores/words.ts";

const glyphs = { todo: Circle, running: LoaderCircle, done: Check, failed: X };
const words = { todo: "to come", running: "now", done: "done", failed: "failed" };

/** A running step's time goes on between the server's messages. */
function useTicking(view: ClusterView): number {
  const [since, setSince] = useState(0);
  useEffect(() => {
    const began = Date.now();
    setSince(0);
    const timer = setInterval(() => setSince(Date.now() - began), 1000);
    return () => clearInterval(timer);
  }, [view]);
  return since;
}

function Step({ step, extra }: { step: ClusterStep; extra: number }) {
  const Glyph = glyphs[step.state];
  const elapsed = step.elapsed + (step.state === "running" ? extra : 0);
  const time =
    step.state === "done"
      ? clock(elapsed)
      : step.state === "running"
        ? `${clock(elapsed)} of ${about(step.estimate)}`
        : step.state === "todo"
          ? about(step.estimate)
          : "";
  return (
    <li data-state={step.state}>
      <Glyph size={16} aria-hidden="true" class={step.state === "running" ? "turning" : ""} />
      <span class="step-title">
        {step.title}
        <span class="sr-only">, {words[step.state]}</span>
        {step.detail && step.state !== "done" && <span class="step-detail">{step.detail}</span>}
      </span>
      <span class="step-time">{time}</span>
    </li>
  );
}

/** What is being done to bring the cluster up: each step with its time so far and its usual time. */
export function ClusterSteps({ view }: { view: ClusterView }) {
  const extra = useTicking(view);
  return (
    <ol class="cluster-steps">
      {view.steps.map((step) => (
        <Step key={step.id} step={step} extra={extra} />
      ))}
    </ol>
  );
}
