import { defineLab } from "../../checkers/core/lab.ts";
import { cpuRequest } from "./checks/cpu-request.ts";
import { downWindow60 } from "./checks/down-window.ts";
import { experiments } from "./checks/experiments.ts";
import { noFight } from "./checks/no-fight.ts";
import { scaler } from "./checks/scaler.ts";
import { scales } from "./checks/scales.ts";
import { seesCpu } from "./checks/sees-cpu.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Autoscaling",
  summary:
    "Let the cluster count: an autoscaler that sees, grows under load, shrinks after it, and knows what it cannot see.",
  week: 3,
  minutes: 75,
  domain: "scale",
  prerequisites: ["06-scaling-and-self-healing", "07-requests-limits-and-quotas"],
  addons: ["metrics-server"],
  // Whether its pods say what they request is what the lab is about.
  sandbox: { ownResources: true },
  facts,

  // In the order of the text.
  checks: (lab) => ({
    "ml-hpa": scaler({
      deployment: lab.deployment,
      suggested: lab.scaler,
      target: lab.target,
      least: lab.least,
      most: lab.most,
      points: 3,
      title: `An autoscaler keeps ${lab.deployment} at ${lab.target} % CPU, between ${lab.least} and ${lab.most} pods`,
      why: "An aim of 50 % leaves half of what was promised for the time between a surge and the pods that answer it. The lower bound is for availability and for models that start slowly; the upper one is the most that a surge, an attack or a bug may cost.",
    }),
    "cpu-request": cpuRequest(lab),
    "sees-cpu": seesCpu(lab),
    "no-fight": noFight(lab),
    "down-window": downWindow60(lab),
    scales: scales(lab),
    "gateway-hpa": scaler({
      deployment: lab.gateway,
      suggested: lab.gatewayScaler,
      target: lab.gatewayTarget,
      least: lab.gatewayLeast,
      most: lab.gatewayMost,
      points: 2,
      title: `Another one keeps ${lab.gateway} at ${lab.gatewayTarget} %, between ${lab.gatewayLeast} and ${lab.gatewayMost} pods`,
      why: "The gateway passes bytes on: cheap, even, started in a second. It can run hotter before help must come, so its aim is higher than the model's.",
    }),
  }),
  requests: ({ service, port, path }) => ({ service, port, path }),
  experiments,
});
