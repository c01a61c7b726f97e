import { useEffect, useState } from "preact/hooks";
import { $podCounts, lookBack } from "../stores/history.ts";
import { plural } from "../stores/words.ts";
import { Chart, ChartKey, type ChartLine } from "./Chart.tsx";
import { useLive } from "./useLive.ts";

const lines: readonly ChartLine[] = [
  { label: "pods", color: "--fg-muted", dash: [4, 4] },
  { label: "ready", color: "--accent", width: 2.5 },
  { label: "behind a Service", color: "--pass", dash: [2, 3] },
];

/** How many pods there were, over the last minutes: drawn from the cluster as it changes. */
export default function LiveReplicas({ lab }: { lab: string }) {
  const counts = useLive($podCounts)[lab];
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const tick = setInterval(() => document.visibilityState === "visible" && setNow(Date.now() / 1000), 1000);
    return () => clearInterval(tick);
  }, []);
  const last = counts?.at(-1);
  if (!counts || !last) return <p class="live-empty">Drawn from the cluster once the lab is ready.</p>;
  // The present count holds until now.
  const drawn = [...counts, { ...last, at: Math.max(now, last.at) }];
  const says = `${plural(last.all, "pod")}, ${last.ready} ready, ${last.endpoints} behind a Service`;
  return (
    <figure class="live-chart">
      <Chart
        lines={lines}
        x={drawn.map(({ at }) => at)}
        y={[drawn.map(({ all }) => all), drawn.map(({ ready }) => ready), drawn.map(({ endpoints }) => endpoints)]}
        range={[now - lookBack, now]}
        least={4}
        stepped
        says={`Pods over the last three minutes. Now: ${says}.`}
      />
      <ChartKey lines={lines} notes={[String(last.all), String(last.ready), String(last.endpoints)]} />
      <figcaption>Live: {says}.</figcaption>
    </figure>
  );
}
