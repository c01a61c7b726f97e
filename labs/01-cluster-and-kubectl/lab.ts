import { defineLab } from "../../checkers/core/lab.ts";
import { insideCode, portCode } from "./checks/codes.ts";
import { contextNamespace } from "./checks/context-namespace.ts";
import { nodesReady } from "./checks/nodes-ready.ts";
import { podReplaced } from "./checks/pod-replaced.ts";
import { serviceAnswers } from "./checks/service-answers.ts";
import { serviceSelects } from "./checks/service-selects.ts";
import { experiments } from "./experiments.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "The cluster and kubectl",
  summary: "Find your way in a cluster, and find out why a Service answers nobody.",
  week: 1,
  minutes: 60,
  domain: "operate",
  requires: { clusterRead: true },
  startsIn: "default",
  answers: {
    nodes: { label: "Number of Ready nodes" },
    inside: { label: "Code from inside the container" },
    port: { label: "Code from the admin port" },
  },
  facts,
  checks: (f) => ({
    "nodes-ready": nodesReady(),
    "context-namespace": contextNamespace(f),
    "pod-replaced": podReplaced(f),
    "service-selects": serviceSelects(f),
    "service-answers": serviceAnswers(f),
    "inside-code": insideCode(f),
    "port-code": portCode(f),
  }),
  experiments,
});
