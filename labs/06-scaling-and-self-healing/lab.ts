import { defineLab } from "../../checkers/core/lab.ts";
import { experiments } from "./checks/experiments.ts";
import { fourReplicas } from "./checks/four-replicas.ts";
import { heals } from "./checks/heals.ts";
import { noFailedRequest } from "./checks/no-failed-request.ts";
import { sharedLoad } from "./checks/shared-load.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Scaling and self-healing",
  summary: "Scale a model server by hand, measure who gets the requests, and lose a pod without losing a request.",
  week: 3,
  minutes: 60,
  domain: "scale",
  prerequisites: ["02-deploy-ml-inference", "05-probes"],
  facts,

  // In the order of the text.
  checks: (lab) => ({
    "four-replicas": fourReplicas(lab),
    "shared-load": sharedLoad(lab),
    heals: heals(lab),
    "no-failed-request": noFailedRequest(lab),
  }),
  requests: ({ service, port, path }) => ({ service, port, path }),
  experiments,
});
