import type { PodView } from "../../../checkers/core/report.ts";
import { podKind } from "./pods.ts";

/** A pod as a rounded square: filled when ready, half when only running, dashed when pending, crossed when in trouble. */
export function PodSquare({ pod, size = 22 }: { pod: PodView; size?: number }) {
  const kind = podKind(pod);
  return (
    <svg class="pod-square" data-kind={kind} width={size} height={size} viewBox="0 0 22 22" aria-hidden="true">
      {kind === "running" && <path class="half" d="M2 11h18v4a5 5 0 0 1-5 5H7a5 5 0 0 1-5-5z" />}
      <rect class="outline" x="2" y="2" width="18" height="18" rx="5" />
      {kind === "failed" && <path class="sign" d="M7.5 7.5l7 7m0-7l-7 7" />}
      {kind === "done" && <path class="sign" d="M7 11.5l3 3 5.5-6.5" />}
      {kind === "deleting" && <path class="sign" d="M7 11h8" />}
    </svg>
  );
}
