import { defineLab } from "../../checkers/core/lab.ts";
import { apiKey } from "./checks/api-key.ts";
import { environments } from "./checks/environments.ts";
import { experiments } from "./checks/experiments.ts";
import { keptSecret } from "./checks/kept-secret.ts";
import { processEnvironment } from "./checks/process-environment.ts";
import { registry } from "./checks/registry.ts";
import { reload } from "./checks/reload.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Configuration and secrets",
  summary:
    "Give one image its settings and its keys from outside, know when a running process sees a change, and keep what is secret out of sight.",
  week: 1,
  minutes: 90,
  domain: "configure",
  prerequisites: ["03-gateway-and-discovery"],
  facts,
  // In the order of the text.
  checks: (lab) => ({
    "process-environment": processEnvironment(lab),
    reload: reload(lab),
    environments: environments(lab),
    "api-key": apiKey(lab),
    registry: registry(lab),
    "kept-secret": keptSecret(lab),
  }),
  requests: ({ backendService, backendPort }) => ({ service: backendService, port: backendPort, path: "/predict" }),
  experiments,
});
