import type { PodView } from "../../../checkers/core/report.ts";
import { plural } from "../stores/words.ts";

/** What a pod is like, for its shape: each looks different without colour too. */
export type PodKind = "ready" | "running" | "pending" | "failed" | "done" | "deleting";

const troubles = /BackOff|Err|Error|OOMKilled|Invalid|CannotRun/;

export const podKind = (pod: PodView): PodKind => {
  if (pod.deleting) return "deleting";
  if (pod.phase === "Failed" || (pod.reason && troubles.test(pod.reason))) return "failed";
  if (pod.phase === "Succeeded") return "done";
  if (pod.phase === "Running") return pod.ready ? "ready" : "running";
  return "pending";
};

const kindWord: Record<PodKind, string> = {
  ready: "running and ready",
  running: "running, not ready",
  pending: "pending",
  failed: "in trouble",
  done: "completed",
  deleting: "being deleted",
};

/** A pod in one line, for who hears it and for the line under the strip. */
export const describePod = (pod: PodView): string =>
  [
    `${pod.name}: ${kindWord[podKind(pod)]}`,
    pod.reason,
    pod.version && `version ${pod.version}`,
    pod.restarts > 0 && plural(pod.restarts, "restart"),
    pod.services.length > 0 ? `endpoint of ${pod.services.join(", ")}` : "in no Service's endpoints",
    pod.node && `on ${pod.node}`,
  ]
    .filter(Boolean)
    .join(" · ");

/** Oldest first, so that squares keep their places. */
export const inOrder = (pods: PodView[]): PodView[] =>
  [...pods].sort((one, other) => one.createdAt.localeCompare(other.createdAt) || one.name.localeCompare(other.name));

/** The part of a pod's name that stays when it is replaced: "ml-inference" of "ml-inference-6d5c9c7f8-abcde". */
export const ownerOf = (name: string): string => name.replace(/(-[a-z0-9]{5,10})?-[a-z0-9]{4,5}$/, "");
