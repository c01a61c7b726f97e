import { defineLab } from "../../checkers/core/lab.ts";
import { baseline } from "./checks/baseline.ts";
import { experiments } from "./checks/experiments.ts";
import { red } from "./checks/red.ts";
import { scraped } from "./checks/scraped.ts";
import { use } from "./checks/use.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Metrics and the RED dashboard",
  summary: "See rate, errors and duration of a service, and check that the panels tell the truth.",
  week: 4,
  minutes: 75,
  domain: "observe",
  prerequisites: ["02-deploy-ml-inference", "07-requests-limits-and-quotas"],
  addons: ["prometheus"],
  answers: { "baseline-p95": { label: "Project log: baseline p95 of /predict, in milliseconds" } },
  facts,

  // In the order of the text.
  checks: (lab) => ({
    scraped: scraped(lab),
    red: red(lab),
    use: use(lab),
    baseline: baseline(lab),
  }),
  experiments,
});
