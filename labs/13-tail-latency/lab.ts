import { defineLab } from "../../checkers/core/lab.ts";
import { calmP99 } from "./checks/calm-p99.ts";
import { experiments } from "./checks/experiments.ts";
import { holds } from "./checks/holds.ts";
import { sloTells } from "./checks/slo-tells.ts";
import { sloWritten } from "./checks/slo-written.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Tail latency",
  summary: "Find those whom the average hides, promise them something that can be broken, and keep it in a rush.",
  week: 4,
  minutes: 75,
  domain: "observe",
  prerequisites: ["06-scaling-and-self-healing", "12-metrics-and-the-red-dashboard"],
  addons: ["prometheus"],
  answers: { p99: { label: "p99 of the calm service, in milliseconds" } },
  facts,

  // In the order of the text.
  checks: (f) => ({
    "calm-p99": calmP99(f),
    "slo-written": sloWritten(f),
    "slo-tells": sloTells(f),
    holds: holds(f),
  }),
  experiments,
});
