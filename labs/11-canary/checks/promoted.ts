import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { troubleOf } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { asUsers, entryOf, noRoute, onItsWay } from "./entry.ts";
import { fleetEvidence, fleetOf, readyByVersion, shownStatuses, shownVersions, told } from "./fleet.ts";

/**
 * Whose pods there are, and who answers. With 200 requests a version that still gets 5 % stays unseen once in 28,000 (0.95^200). A canary of a later
 * release may run beside the promoted version. Right: the first Deployment set to the new image; the canary scaled up and the old one down to 0
 * or deleted; old pods kept at zero. Wrong: old pods left running, with or without traffic; everything on the single canary pod;
 * the faulty release promoted.
 */
export const promoted = (f: Facts): Check =>
  check({
    title: `${f.second} is promoted: at least ${f.replicas} pods of it serve, and ${f.first} is gone`,
    points: 3,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: `Promotion ends the experiment: the new version has the capacity of the old one, not that of a canary, and only one version is left to maintain. The stable Deployment now holds ${f.second}, so the place of the canary is free for what comes next, and "back" means ${f.second}.`,
    failures: {
      "not-begun": {
        untouched: true,
        says: `No pod of ${f.second} is ready yet.`,
        hints: [
          `First ${f.second} runs as a canary, then its share grows. kubectl get deployments: which of them has the image ${f.newImage}?`,
        ],
      },
      "half-way": {
        untouched: true,
        says: `${f.first} is still there: either it answers requests, or its pods wait for some.`,
        hints: [
          "The evidence counts pods and answers by version. Is the share at 100 yet, and are the old pods gone?",
          `Two ways lead on: give deployment/${f.deployment} the new image (kubectl set image), or scale ${f.canary} up to ${f.replicas} and the old one to 0.`,
          `kubectl set image deployment/${f.deployment} ${f.container}=${f.newImage}, then wait for kubectl rollout status.`,
        ],
      },
      thin: {
        says: `${f.second} has taken over with fewer pods than ${f.first} had: enough for a tenth, perhaps not for all.`,
        hints: [
          "How many pods did the old version need for all the requests? How many has the new one?",
          `kubectl scale deployment/… --replicas=${f.replicas}. Scale up before you move the traffic, not afterwards.`,
        ],
      },
      "wrong-version": {
        says: `Another version than ${f.second} answers most of the requests.`,
        hints: [
          `The evidence counts answers by version. ${f.bad} must not become stable, and ${f.mended} is a canary until the end of this lab.`,
          `Give the stable pods the image ${f.newImage} without a later release's settings: kubectl rollout undo, or edit envFrom out of the Deployment.`,
        ],
      },
    },
    async observe(scene) {
      const entry = await entryOf(scene.cluster, f);
      if (!entry) return fail("not-begun", noRoute(f));
      const fleet = await fleetOf(scene, f);
      const ready = readyByVersion(fleet);
      const pods = fleetEvidence(fleet, f, `${f.second}: ${f.replicas} or more; no ${f.first}`);
      const count = (version: string): number => ready.get(version)?.length ?? 0;
      if (ready.size > 0 && fleet.every(({ version }) => version !== f.second)) {
        if (ready.size === 1 && ready.has(f.first)) return fail("not-begun", pods);
      }
      const late = onItsWay(entry, Date.now());
      if (late && !entry.refused) return waiting(late, pods);
      const sample = await asUsers(scene.probes, entry, f.own);
      const answers = told(sample);
      const n = answers.reduce((sum, [, one]) => sum + one, 0);
      const split: Evidence = {
        object: `${sample.sent} requests for ${f.host}/predict`,
        path: "answers by version",
        expected: `none by ${f.first}, most by ${f.second}`,
        actual: n === 0 ? shownStatuses(sample) : shownVersions(sample),
        command: `kubectl get httproute ${entry.route.metadata.name} -o yaml`,
      };
      const of = (version: string): number => sample.versions[version] ?? 0;
      if (count(f.first) > 0 || of(f.first) > 0) return fail("half-way", [split, pods]);
      const starting = fleet.filter((one) => !one.ready && !troubleOf(one.pod)).map(({ name }) => name);
      if (starting.length > 0) return waiting(`${starting.join(", ")} not ready yet`, [split, pods]);
      if (count(f.second) === 0 && of(f.second) === 0 && n === 0) return fail("not-begun", [split, pods]);
      if (of(f.second) <= n / 2) return fail("wrong-version", [split, pods]);
      if (count(f.second) < f.replicas) return fail("thin", [pods, split]);
      return pass([split, pods]);
    },
  });
