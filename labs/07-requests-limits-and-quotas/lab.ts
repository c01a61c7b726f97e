import { defineLab } from "../../checkers/core/lab.ts";
import { limitRange } from "./checks/limit-range.ts";
import { oomExplained } from "./checks/oom-explained.ts";
import { overQuota } from "./checks/over-quota.ts";
import { qosClasses } from "./checks/qos-classes.ts";
import { quota } from "./checks/quota.ts";
import { replaceable } from "./checks/replaceable.ts";
import { scorerRuns } from "./checks/scorer-runs.ts";
import { throttling } from "./checks/throttling.ts";
import { experiments } from "./experiments.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Requests, limits and quotas",
  summary:
    "Find out why an idle node serves slowly, why a process ends without a word, and how a team gets a share of a cluster that holds.",
  week: 2,
  minutes: 75,
  domain: "operate",
  prerequisites: ["02-deploy-ml-inference"],
  answers: {
    reason: { label: "Reason of the last state" },
    "exit-code": { label: "Exit code of the last state" },
  },
  // What it is about must not be given to a submission from outside.
  sandbox: { ownResources: true },
  facts,

  // In the order of the text.
  checks: (lab) => ({
    throttling: throttling(lab),
    "oom-explained": oomExplained(lab),
    "scorer-runs": scorerRuns(lab),
    "qos-classes": qosClasses(lab),
    "limit-range": limitRange(lab),
    replaceable: replaceable(lab),
    quota: quota(lab),
    "over-quota": overQuota(lab),
  }),
  requests: ({ service, port }) => ({ service, port, path: "/predict" }),
  experiments,
});
