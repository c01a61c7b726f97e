import { defineLab } from "../../checkers/core/lab.ts";
import { dependency } from "./checks/dependency.ts";
import { experiments } from "./checks/experiments.ts";
import { hang } from "./checks/hang.ts";
import { rollout } from "./checks/rollout.ts";
import { sigterm } from "./checks/sigterm.ts";
import { slowStart } from "./checks/slow-start.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Probes",
  summary: "Tell the cluster when to restart a process, when to send it requests, and when to leave it in peace.",
  week: 2,
  minutes: 75,
  domain: "operate",
  prerequisites: ["02-deploy-ml-inference"],
  facts,
  requests: ({ service, port }) => ({ service, port, path: "/predict" }),

  // In the order of the text.
  checks: (f) => ({
    rollout: rollout(f),
    hang: hang(f),
    dependency: dependency(f),
    "slow-start": slowStart(f),
    sigterm: sigterm(f),
  }),
  experiments,
});
