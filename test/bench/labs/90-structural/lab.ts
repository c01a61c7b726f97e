import { defineLab } from "../../../../checkers/core/lab.ts";
import lab from "../../../../labs/02-deploy-ml-inference/lab.ts";

/** Lab 02 without its measuring checks: what lab-02-checks.sh asserts with kubectl. */
export default defineLab({
  ...lab,
  title: "Lab 02, what can be seen by looking",
  checks: (facts) =>
    Object.fromEntries(Object.entries(lab.checks(facts)).filter(([, check]) => check.mode === "observe")),
});
