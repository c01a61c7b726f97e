import { defineLab } from "../../../../checkers/core/lab.ts";
import { baseline } from "./checks/baseline.ts";
import { canary } from "./checks/canary.ts";
import { dashboard } from "./checks/dashboard.ts";
import { key } from "./checks/key.ts";
import { reachable } from "./checks/reachable.ts";
import { scaling } from "./checks/scaling.ts";
import { scraped } from "./checks/scraped.ts";
import { serving } from "./checks/serving.ts";
import { settings } from "./checks/settings.ts";
import { undisturbed } from "./checks/undisturbed.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Ship a model",
  summary: "Take a model from an image to users who get a tenth of the next version, and know how it does.",
  week: 6,
  minutes: 100,
  domain: "deploy",
  addons: ["prometheus"],
  study: ["02"],
  sandbox: { ownResources: true },
  answers: { p95: { label: "Baseline p95, in milliseconds" } },
  facts,
  checks: (f) => ({
    serving: serving(f),
    reachable: reachable(f),
    settings: settings(f),
    key: key(f),
    scaling: scaling(f),
    canary: canary(f),
    scraped: scraped(f),
    dashboard: dashboard(f),
    undisturbed: undisturbed(f),
    baseline: baseline(f),
  }),
});
