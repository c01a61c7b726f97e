import { type Check, check, type TrafficSample } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { troubleOf } from "../../../checkers/core/workload.ts";
import { judgeShare, tenPercent } from "../../../checkers/probes/share.ts";
import { wilson } from "../../../checkers/probes/statistics.ts";
import type { Facts } from "../facts.ts";
import { asUsers, entryOf, noRoute, onItsWay } from "./entry.ts";
import { fleetEvidence, fleetOf, readyByVersion, shownStatuses, shownVersions, told } from "./fleet.ts";

const percent = (part: number): string => (100 * part).toFixed(1);

/** "114 of 1,200: 9.5 %, 95 % interval 8.0 to 11.3 %". */
export function shownShare(hits: number, n: number): string {
  const { low, high } = wilson(hits, n);
  const [h, of] = [hits.toLocaleString("en"), n.toLocaleString("en")];
  return `${h} of ${of}: ${percent(hits / n)} %, 95 % interval ${percent(low)} to ${percent(high)} %`;
}

/** How many of a sample's requests a pod answered. */
const answersOf = (sample: TrafficSample): number => told(sample).reduce((sum, [, count]) => sum + count, 0);

/**
 * Sends 100 requests, and if they reach two versions another 1,200, the way users come, through the gateway's route, and counts who answered. It knows nothing of how they are shared
 * out: weights, replicas behind one Service, a controller that sets either. The decision is share.ts': 86 to 157 hits; a true 10 % is refused, and
 * a true 5 or 20 % accepted, less than once in 1,000. traefik gives turns by weight, which
 * vary less than the independent draws assumed there. (It begins its turns anew whenever anything in its configuration changes, with the heavier
 * backend: on a cluster where others work at the same time the share comes out a little low.) Of 100 requests a tenth misses all once in 38,000.
 * Right: weights 90 and 10, or 9 and 1; nine pods and one behind the same Service. Wrong: one pod beside three (25 %); weights 99 and 1; the two
 * weights swapped; weights on Services that both select everything; a Service that selects no pod.
 */
export const canaryShare = (f: Facts): Check =>
  check({
    title: `The newer version answers about ${f.share} % of the requests through the gateway`,
    points: 5,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "A weight on the route shares out requests, whatever the number of pods: one canary pod can take one, ten or fifty percent. Behind a single Service the share is the ratio of ready pods, so ten percent takes ten of them, and every restart or autoscaling step changes it. Either way it is known only once it is measured, with enough requests to tell it from five and from twenty.",
    failures: {
      "no-answer": {
        says: "No request that comes in through the gateway reaches the model.",
        hints: [
          "The evidence says what the gateway answers. 404: it knows no route for this host. 500 or 503: it knows one, but nobody behind it.",
          `kubectl describe httproute: its parents' conditions say whether the gateway took it, and whether the Services it names exist.`,
          `The route needs the host ${f.host}, parentRefs name ${f.gateway} in namespace ${f.gatewayNamespace}, and backendRefs to Services of this namespace, with port ${f.port}.`,
        ],
      },
      lost: {
        says: "Part of the requests is led to a Service behind which there is no pod: those users get an error from the gateway.",
        hints: [
          "The evidence counts the answers. Is the lost share one of the weights of your route?",
          "kubectl get endpointslices: which Service has no endpoints? Its selector must match labels of the pods; kubectl get pods --show-labels.",
          "kubectl describe service shows Selector and Endpoints. kubectl expose deployment makes a Service with the Deployment's own selector.",
        ],
      },
      "one-version": {
        untouched: true,
        says: "One version answers every request.",
        hints: [
          `Is there a second version at all? Once there is, the requests have to be shared out: by weights in the route ${f.route}, or by the number of pods behind one Service.`,
          `For weights each version needs a Service of its own, so that the route can name them: kubectl expose deployment/… --name=… --port=${f.port}.`,
          `backendRefs of the route: ${f.stableService} with weight 90, ${f.canaryService} with weight 10.`,
        ],
      },
      missed: {
        says: "Pods of another version are ready, and not one request reaches them: nothing that the route names leads there.",
        hints: [
          "A pod gets requests when a Service selects it and the route names that Service. Which of the two is missing?",
          "kubectl get endpointslices -o wide and kubectl get pods -o wide --show-labels: is the new pod's address behind any Service? Compare its labels with the selector, letter by letter.",
          `With one Service for both, the pod needs the label app: ${f.app}. With one each, the route's backendRefs must list both, neither with weight 0.`,
        ],
      },
      "too-much": {
        says: `Clearly more than ${f.share} % reach the newer version: were it bad, more users than planned would pay for it.`,
        hints: [
          "What decides the share at present: weights in the route, or the number of pods behind one Service? The evidence has both.",
          "A Service knows no versions: it shares requests equally among all ready pods it selects. One new pod beside three old ones is a quarter.",
          `By pods it takes nine old ones to one new one. By weights, each backendRef must lead to a Service that selects one version only: ${f.service} itself selects both.`,
        ],
      },
      "too-little": {
        says: `Clearly fewer than ${f.share} % reach the newer version: it would take very long to learn anything.`,
        hints: [
          "Weights are relative: what share is the canary's weight of the sum of all?",
          "90 and 10, or 9 and 1. Ten beside a hundred is 9.1 %, one beside a hundred is not ten percent.",
        ],
      },
      turned: {
        says: "The newer version answers most of the requests, the older one the few.",
        hints: [
          "Which of the two is to be the canary? Read the route once more: which Service has the greater weight, and which pods are behind it?",
          "Swap the weights (or the selectors): 90 for the older version, 10 for the newer one.",
        ],
      },
      three: {
        says: "More than two versions answer, so there is no telling which of them is compared with which.",
        hints: [
          "The evidence counts answers by version. Which of them is left over from an earlier step?",
          "A canary is compared with what is stable. Bring the stable version to one state first (promote it, or go back), then send out the next canary.",
        ],
      },
    },
    async observe(scene) {
      const entry = await entryOf(scene.cluster, f);
      if (!entry) return fail("no-answer", noRoute(f));
      const late = onItsWay(entry, Date.now());
      if (late && !entry.refused) return waiting(late);
      const fleet = await fleetOf(scene, f);
      const starting = fleet.filter(({ ready, pod }) => !ready && !troubleOf(pod)).map(({ name }) => name);
      if (starting.length > 0) return waiting(`${starting.join(", ")} not ready yet`);
      const ask = (n: number): Promise<TrafficSample> => asUsers(scene.probes, entry, n);
      // A glance tells whether everything is answered and by how many versions; how large the share is takes the whole sample.
      let sample = await ask(f.glance);
      if (answersOf(sample) === sample.sent && told(sample).length === 2) sample = await ask(tenPercent.n);
      const answers = told(sample);
      const n = answersOf(sample);
      const pods = fleetEvidence(fleet, f, "both versions");
      const weights: Evidence = {
        object: `httproute/${entry.route.metadata.name}`,
        path: "spec.rules[].backendRefs, weights",
        expected: "leads to both versions",
        actual: entry.shown,
        command: `kubectl get httproute ${entry.route.metadata.name} -o yaml`,
      };
      const split: Evidence = {
        object: `${sample.sent.toLocaleString("en")} requests for ${f.host}/predict`,
        path: "answers by version",
        expected: `${f.least} to ${f.most} of ${f.sample.toLocaleString("en")} by the newer one`,
        actual: shownVersions(sample),
      };
      const came: Evidence = { ...split, path: "answers", expected: "all from a pod", actual: shownStatuses(sample) };
      if (n === 0) return fail("no-answer", [came, ...(entry.refused ? [entry.refused] : []), weights]);
      if (n < sample.sent) return fail("lost", [came, ...(entry.refused ? [entry.refused] : []), weights, split]);
      const newest = answers.at(-1);
      if (answers.length === 1 || !newest) {
        const others = [...readyByVersion(fleet).keys()].filter((version) => version !== newest?.[0]);
        return fail(others.length > 0 ? "missed" : "one-version", [split, pods, weights]);
      }
      if (answers.length > 2) return fail("three", [split, pods]);
      const measured: Evidence = { ...split, path: `answered by ${newest[0]}`, actual: shownShare(newest[1], n) };
      const all = [measured, weights, pods];
      const verdict = judgeShare(tenPercent, newest[1], n);
      if (verdict === "about") return pass(all);
      if (verdict === "too-little") return fail("too-little", all);
      return fail(newest[1] > n / 2 ? "turned" : "too-much", all);
    },
  });
