import { defineLab } from "../../checkers/core/lab.ts";
import { budget } from "./checks/budget.ts";
import { canaryShare } from "./checks/canary-share.ts";
import { errorRate } from "./checks/error-rate.ts";
import { experiments } from "./checks/experiments.ts";
import { ownCount } from "./checks/own-count.ts";
import { promoted } from "./checks/promoted.ts";
import { rolledBack } from "./checks/rolled-back.ts";
import { sideBySide } from "./checks/side-by-side.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Canary at ten percent",
  summary:
    "Give a new version a tenth of the requests, prove that it is a tenth, and take a bad one back within its error budget.",
  week: 4,
  minutes: 75,
  domain: "release",
  prerequisites: ["03-gateway-and-discovery", "05-probes", "09-rolling-update-and-rollback"],
  addons: ["prometheus", "gateway"],
  answers: {
    "own-count": { label: "Answers of the newer version" },
    "error-rate": { label: "Error rate of release 2.1, in percent" },
  },
  facts,
  requests: ({ host, gatewayService, gatewayNamespace }) => ({
    service: gatewayService,
    namespace: gatewayNamespace,
    port: 80,
    path: "/predict",
    headers: { Host: host },
  }),

  // In the order of the text.
  checks: (f) => ({
    "side-by-side": sideBySide(f),
    "canary-share": canaryShare(f),
    "own-count": ownCount(f),
    promoted: promoted(f),
    "rolled-back": rolledBack(f),
    budget: budget(f),
    "error-rate": errorRate(f),
  }),
  experiments,
});
