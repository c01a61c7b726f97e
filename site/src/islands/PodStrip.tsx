import { useState } from "preact/hooks";
import { $cluster, $lab, $pods } from "../stores/socket.ts";
import { plural } from "../stores/words.ts";
import { PodSquare } from "./PodSquare.tsx";
import { describePod, inOrder } from "./pods.ts";
import { useLive } from "./useLive.ts";

/** The lab's pods, live: a square each, its version under it, underlined where a Service sends requests to it. */
export function PodStrip() {
  const lab = useLive($lab);
  const cluster = useLive($cluster);
  const pods = inOrder(useLive($pods)[lab] ?? []);
  const [shown, show] = useState<string>();
  const pod = pods.find(({ name }) => name === shown);
  const ready = pods.filter((one) => one.ready && !one.deleting).length;
  const summary =
    cluster?.state === "ready"
      ? pods.length === 0
        ? "No pods in this lab's namespace yet"
        : `${plural(pods.length, "pod")}, ${ready} ready`
      : "Pods show here once the cluster is ready";
  return (
    <section class="pod-strip" aria-label="Pods of this lab" tabIndex={-1} data-pane="pods">
      <ul>
        {pods.map((one) => (
          <li key={one.name}>
            <button
              type="button"
              class="pod"
              data-endpoint={one.services.length > 0 || undefined}
              aria-label={describePod(one)}
              onMouseEnter={() => show(one.name)}
              onMouseLeave={() => show(undefined)}
              onFocus={() => show(one.name)}
              onBlur={() => show(undefined)}
            >
              <PodSquare pod={one} />
              <span class="pod-version">{one.version ?? "–"}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="pod-line">{pod ? describePod(pod) : summary}</p>
    </section>
  );
}
