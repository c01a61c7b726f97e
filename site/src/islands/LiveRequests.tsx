import { Play, Square } from "lucide-preact";
import { useState } from "preact/hooks";
import type { FlowSecond } from "../../../checkers/core/check.ts";
import { $requests, lookBack } from "../stores/history.ts";
import { $labState, sendRequests } from "../stores/socket.ts";
import { Chart, ChartKey, type ChartLine, lineLooks } from "./Chart.tsx";
import { useLive } from "./useLive.ts";

const failed: ChartLine = { label: "failed", color: "--fail", width: 3 };

type By = "pods" | "versions";

/** Who answered, most requests first; more than five make the chart unreadable. */
const answerers = (seconds: readonly FlowSecond[], by: By): [string, number][] => {
  const counts = new Map<string, number>();
  for (const second of seconds)
    for (const [name, n] of Object.entries(second[by])) counts.set(name, (counts.get(name) ?? 0) + n);
  return [...counts].sort(([one, n], [other, m]) => m - n || one.localeCompare(other)).slice(0, 5);
};

/** A trickle of real requests, started by the learner: who answers each second, by pod or by version, and which fail. */
export default function LiveRequests({ lab, by: first, to }: { lab: string; by: By; to: string }) {
  const flow = useLive($requests)[lab];
  const state = useLive($labState)[lab];
  const [by, setBy] = useState<By>(first);
  const running = flow?.running ?? false;
  const seconds = flow?.seconds ?? [];
  const sent = seconds.reduce((sum, one) => sum + one.sent, 0);
  const lost = seconds.reduce((sum, one) => sum + one.failed, 0);
  const names = answerers(seconds, by);
  // Names in the order of the alphabet, so that a line keeps its look while counts overtake each other.
  const order = names.map(([name]) => name).sort();
  const lines: ChartLine[] = [
    ...order.map((label, index) => ({ label, ...(lineLooks[index % lineLooks.length] as (typeof lineLooks)[number]) })),
    failed,
  ];
  const total = names.reduce((sum, [, n]) => sum + n, 0);
  const share = new Map(names.map(([name, n]) => [name, `${n} (${Math.round((100 * n) / Math.max(total, 1))} %)`]));
  const end = seconds.at(-1)?.at ?? 0;
  const says =
    sent === 0
      ? "No requests yet."
      : `${sent} requests, ${lost} of them failed. Answered by ${names.map(([name]) => `${name}: ${share.get(name)}`).join("; ") || "nobody"}.`;
  return (
    <figure class="live-chart live-requests">
      <div class="actions">
        <button
          type="button"
          class={running ? "quiet" : "primary"}
          disabled={state?.state !== "ready"}
          onClick={() => sendRequests(lab, !running)}
        >
          {running ? <Square size={15} aria-hidden="true" /> : <Play size={15} aria-hidden="true" />}
          {running ? "Stop the requests" : "Send requests"}
        </button>
        <span class="note">
          {running ? `Ten a second, to ${to}. Leave it running while you change things.` : `Ten a second, to ${to}.`}
        </span>
        <fieldset class="live-by">
          <legend class="sr-only">Lines for each</legend>
          {(["pods", "versions"] as const).map((one) => (
            <label key={one}>
              <input type="radio" name={`by-${lab}`} checked={by === one} onChange={() => setBy(one)} />
              <span>by {one === "pods" ? "pod" : "version"}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {flow?.says && (
        <p class="problem" role="alert">
          {flow.says}
        </p>
      )}
      {seconds.length > 0 && (
        <>
          <Chart
            lines={lines}
            x={seconds.map(({ at }) => at)}
            y={[
              ...order.map((name) => seconds.map((one) => one[by][name] ?? 0)),
              seconds.map((one) => (one.failed > 0 ? one.failed : null)),
            ]}
            range={[Math.max(end - lookBack / 3, Math.min(0, end - 20)), Math.max(end, 20)]}
            least={10}
            says={`Requests answered each second. ${says}`}
          />
          <ChartKey lines={lines} notes={[...order.map((name) => share.get(name) ?? ""), String(lost)]} />
          <figcaption>{says}</figcaption>
        </>
      )}
    </figure>
  );
}
