import type { Check, Failure } from "./check.ts";

export const notSettled = "not-settled";

/** Codes every check has without declaring them. */
const builtInFailures: Readonly<Record<string, Failure>> = {
  [notSettled]: {
    says: "It was still changing when the time was up, so there is no result to rely on yet.",
    hints: [
      "Something keeps it from coming to rest. Look at what it is waiting for in the evidence, then watch it: kubectl get pods --watch",
      "Read the events, newest last: kubectl get events --sort-by=.lastTimestamp. A pod that cannot start says why there.",
      "kubectl describe pod NAME shows the state of each container and why it is not ready. When it has come to rest, check again.",
    ],
  },
};

/** What a check declares (or everyone has) under this code. */
export const failureOf = (check: Check, code: string | undefined): Failure | undefined => {
  if (code === undefined) return undefined;
  return Object.hasOwn(check.failures, code) ? check.failures[code] : builtInFailures[code];
};
