import type { PodView } from "../../../checkers/core/report.ts";
import { $cluster, $pods } from "../stores/socket.ts";
import { plural } from "../stores/words.ts";
import { PodSquare } from "./PodSquare.tsx";
import { describePod, inOrder, ownerOf } from "./pods.ts";
import { useLive } from "./useLive.ts";

const row = 34;
const width = 640;

/** Groups pods under what made them, keeping their order. */
const groups = (pods: PodView[]): [string, PodView[]][] => [
  ...Map.groupBy(inOrder(pods), ({ name }) => ownerOf(name)).entries(),
];

/** Services on the left, pods on the right, a line for each endpoint: drawn from the cluster as it changes. */
export default function LivePods({ lab }: { lab: string }) {
  const pods = useLive($pods)[lab];
  const cluster = useLive($cluster);
  if (!pods || pods.length === 0) {
    const why = cluster?.state === "ready" ? "No pods here yet." : "Drawn from the cluster once it is ready.";
    return <p class="live-empty">{why}</p>;
  }
  const ordered = groups(pods).flatMap(([, list]) => list);
  const services = [...new Set(pods.flatMap((pod) => pod.services))].sort();
  const height = Math.max(ordered.length, services.length, 1) * row + 12;
  const podY = new Map(ordered.map((pod, index) => [pod.name, index * row + row / 2 + 6]));
  const serviceY = new Map(services.map((name, index) => [name, ((index + 0.5) * height) / services.length]));
  const ready = pods.filter(({ services: list }) => list.length > 0).length;
  return (
    <figure class="live-pods">
      <div class="live-canvas" style={{ height: `${height}px` }}>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {ordered.flatMap((pod) =>
            pod.services.map((name) => {
              const from = serviceY.get(name) ?? 0;
              const to = podY.get(pod.name) ?? 0;
              return (
                <path
                  key={`${name}${pod.name}`}
                  class="endpoint"
                  d={`M${width * 0.3} ${from}C${width * 0.38} ${from} ${width * 0.37} ${to} ${width * 0.45} ${to}`}
                />
              );
            }),
          )}
        </svg>
        <ul class="live-services" aria-label="Services with endpoints">
          {services.map((name) => (
            <li key={name} style={{ top: `${serviceY.get(name)}px` }}>
              <span class="service">{name}</span>
            </li>
          ))}
        </ul>
        <ul class="live-list" aria-label="Pods">
          {ordered.map((pod) => (
            <li key={pod.name} style={{ top: `${podY.get(pod.name)}px` }}>
              <PodSquare pod={pod} />
              <code title={describePod(pod)}>{pod.name}</code>
              <span class="live-note">{pod.reason ?? pod.version ?? ""}</span>
            </li>
          ))}
        </ul>
      </div>
      <figcaption>
        Live: {plural(pods.length, "pod")},{" "}
        {ready === 0
          ? "none of them an endpoint"
          : ready === 1
            ? "one of them an endpoint"
            : `${ready} of them endpoints`}
        .
      </figcaption>
    </figure>
  );
}
