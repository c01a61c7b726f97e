import { proxyPatience, quietFor, slicesOf, within } from "../../../checkers/core/behind.ts";
import { type Check, check } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import { gettingReady } from "../../../checkers/core/getting-ready.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { deleteUnderLoad, timeout } from "./deletion.ts";
import { counts, nameOf, readyPods } from "./objects.ts";

/** A container that gets no longer than this, in seconds, has no time to close its door politely. */
const abrupt = 1;
/** Milliseconds after the deletion by which the nodes have followed: what is refused later is refused by someone else. */
const following = 3_000;

/**
 * One pod of the learner's is deleted while requests flow; see deletion.ts for what is measured and its odds.
 * Right: a preStop hook (sleep action, exec, httpGet) that keeps the program serving for a while; a program that goes on accepting by itself.
 * Wrong: nothing (the program closes its port on SIGTERM); no grace period; a successor that is sent requests before its model is loaded.
 */
export const noFailedRequest = (lab: Facts): Check => {
  const { deployment, service, port, steady, openFor } = lab;
  return check({
    title: "No request fails while a pod is deleted",
    points: 6,
    mode: "disturb",
    within: "60s",
    evidence: "state",
    why: "Two things happen at the same moment and know nothing of each other: the kubelet ends the container, and the endpoint leaves the slice and then the rules of every node. The pod kept its door open until the second was done, finished what it had taken on, and only then left. Its successor was sent nothing before it could answer.",
    failures: {
      "too-few": {
        says: "Not all the pods it wants are ready, or there is only one: when the only one goes, no care in leaving could help.",
        hints: [
          "Redundancy comes first: how many pods has the Deployment ready?",
          `Bring it to ${lab.replicas}: the first task.`,
        ],
      },
      "no-service": {
        says: `The Service ${service} is gone, so nobody can send requests.`,
        hints: ["kubectl get services", "service.yaml in your folder brings it back: kubectl apply -f service.yaml"],
      },
      "failing-before": {
        says: "Requests failed before any pod was deleted: that has to be mended first.",
        hints: [
          "The evidence counts answers by status. Ask a few times yourself, from the pod client.",
          "Has a switch been left in the environment of the program, or does something foreign stand behind the Service? kubectl get deployment -o yaml, kubectl get endpointslices.",
        ],
      },
      "door-closed": {
        says: "The deleted pod stopped accepting connections while nodes could still send some to it: what they sent was refused.",
        hints: [
          "Two things happen when a pod is deleted, side by side: its container is told to end, and it is taken off the list behind the Service. Which one was faster? See what the pod does about it: kubectl logs -f POD in one terminal, delete it in another.",
          "The container should wait with ending until the list has arrived everywhere. Something can run in it before it gets SIGTERM: kubectl explain pod.spec.containers.lifecycle",
          "A preStop hook that sleeps for a few seconds, and terminationGracePeriodSeconds longer than that plus the longest request. kubectl explain pod.spec.containers.lifecycle.preStop.sleep",
        ],
      },
      killed: {
        says: "The pod gets no time to leave: its process is killed with requests in its hands.",
        hints: [
          `kubectl get deployment ${deployment} -o yaml | grep terminationGracePeriodSeconds`,
          "The grace period is the most that preStop and shutting down may take together, not a pause: a pod that is done earlier leaves earlier. The default is 30 s.",
        ],
      },
      cold: {
        says: "The successor was sent requests before its model was loaded, and answered them with an error.",
        hints: [
          "Who tells the Service that a pod can answer? Compare Running with READY in kubectl get pods --watch while a pod starts.",
          "Without a readiness probe a container counts as ready as soon as it runs.",
          `Ask the program itself: a readinessProbe with httpGet of /ready on port ${port}.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes } = scene;
      const [found, work] = await Promise.all([cluster.get(kinds.Service, service), workload(cluster, deployment)]);
      if (!found) {
        return fail("no-service", {
          object: `service/${service}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get services",
        });
      }
      const progress = work ? await gettingReady(cluster, work) : undefined;
      if (progress?.state === "waiting") return waiting(progress.why);
      const ready = await readyPods(cluster, deployment);
      const [victim] = ready;
      if (ready.length < 2 || !victim || ready.length < (work?.deployment.spec?.replicas ?? 1)) {
        return fail("too-few", {
          object: `deployment/${deployment}`,
          path: "ready pods",
          expected: `${Math.max(2, work?.deployment.spec?.replicas ?? 2)}`,
          actual: String(ready.length),
          command: `kubectl get deployment ${deployment}`,
        });
      }
      const quiet = quietFor(Date.now(), ready, [found, ...(await slicesOf(cluster, service))]);
      if (within(proxyPatience, quiet)) return waiting("giving kube-proxy a moment to follow the last change");

      if ((await probes.podGet(nameOf(victim), port, "/health")).status === 0)
        return waiting(`pod/${nameOf(victim)} counts as ready and does not listen on ${port} yet`);

      const seen = await deleteUnderLoad(scene, lab, victim, ready.map(nameOf));
      const { flow, earlier, later, closedAfter, healed, from } = seen;
      const afterFollowing = ({ at }: { at: number }): boolean => at > from + following;
      if (flow.dropped > flow.sent / 20) {
        throw new LookError(
          `The machine was too busy to send ${steady} requests a second on time (${flow.dropped} late), so the measurement says nothing. Try again.`,
        );
      }
      const grace = victim.spec?.terminationGracePeriodSeconds ?? 30;
      const lost: Evidence = {
        object: `service/${service}`,
        path: `${flow.sent} requests at ${steady} a second, pod/${seen.victim} deleted on the way`,
        expected: "0 failed",
        actual: `${flow.failed} failed; by status: ${counts(flow.statuses)}${flow.failures[0]?.error ? ` (first: ${flow.failures[0].error})` : ""}`,
        command: `kubectl get deployment ${deployment} -o yaml`,
      };
      const door: Evidence = {
        object: `pod/${seen.victim}`,
        path: "accepts connections at its own address after the deletion",
        expected: `at least ${openFor} s: nodes take about that long to follow`,
        actual:
          closedAfter === undefined
            ? `still after ${openFor} s`
            : `refused after ${(closedAfter / 1_000).toFixed(1)} s`,
        command: "kubectl logs -f POD",
      };
      const given: Evidence = {
        object: `deployment/${deployment}`,
        path: "spec.template.spec.terminationGracePeriodSeconds",
        expected: "time for the preStop hook and the requests under way",
        actual: `${grace} s`,
      };
      const successor: Evidence = {
        object: seen.heir ? `pod/${seen.heir}` : `deployment/${deployment}`,
        path: "time until the successor was ready",
        expected: "requests only from then on",
        actual: healed === undefined ? "not ready yet" : `${(healed / 1_000).toFixed(1)} s`,
      };
      if (earlier.length > 0) return fail("failing-before", lost);
      if (closedAfter !== undefined) return fail(grace <= abrupt ? "killed" : "door-closed", [lost, door, given]);
      if (flow.failed === 0) return pass([lost, door, successor]);
      // An answer that never came, from a program that took the request: no deletion does that, a machine without a free core does.
      if (later.every((one) => /request timeout/i.test(one.error ?? "")))
        throw new LookError(
          `The machine was so busy that ${flow.failed} of ${flow.sent} requests had no answer after ${timeout / 1_000} s; none was refused. So the measurement says nothing about the deletion.`,
          "Close what else is running, and try again.",
        );
      const cold =
        later.some((one) => Number(one.status) >= 500) || later.filter(afterFollowing).length * 2 > later.length;
      return cold ? fail("cold", [lost, successor]) : fail("door-closed", [lost, door, given]);
    },
  });
};
