import { proxyPatience, quietFor, within } from "../../../checkers/core/behind.ts";
import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { backends, losePod } from "./pod-loss.ts";
import { counts, fleet, listed } from "./reading.ts";

/**
 * Deletes a pod under requests. A gateway that knows the Service loses the few that were on their way to the pod, and goes on to find its
 * successor: of some 100 requests after that is ready, it would get none once in 2^100 runs. One that knows addresses does neither. When the
 * successor got none, the pod that got all is deleted as well, which tells fixed addresses from connections that are kept open.
 * Right: whatever leads through the Service; more replicas; draining pods or retries on top.
 * Wrong: the pods' addresses, without a retry (half of the requests fail from then on) or with one (only the successor tells); one replica of the model.
 */
export const survives = (lab: Facts): Check =>
  check({
    title: "A pod of the model is deleted, and with its successor every request is answered again",
    points: 3,
    mode: "disturb",
    within: "2m",
    evidence: "state",
    needs: ["routes"],
    why: "nginx went on calling the same address, and never learned that anything had happened. The ReplicaSet replaced the pod, the EndpointSlice lost one address and gained another, and every node's rules followed. The few requests that failed were on their way while that news was: lab 06 makes them none.",
    failures: {
      "one-replica": {
        says: "The model has one ready pod: its end is an outage, whatever the gateway does.",
        hints: [
          `kubectl get deployment ${lab.backend}: how many are READY?`,
          `kubectl scale deployment ${lab.backend} --replicas=${lab.replicas}`,
        ],
      },
      "does-not-recover": {
        says: "After the pod was gone, requests went on failing: the gateway still calls an address that nobody has any more.",
        hints: [
          "Which address does nginx try? kubectl logs deployment/api-gateway --tail=5 shows it. Which pod had it?",
          `A pod's address goes with the pod; a Service's stays. Let the upstream name ${lab.backendService}:${lab.backendPort}, and restart the gateway.`,
        ],
      },
      "does-not-follow": {
        says: "The first loss went well, but the pod that took the deleted one's place was sent nothing, and when the other one was deleted too, nobody was left: the gateway doesn't know that new pods exist.",
        hints: [
          "Two fixed addresses survive one loss, since nginx tries the other. What happens at the second one?",
          `A list of addresses in nginx.conf is a Service written by hand, and nobody keeps it. One server line is enough: ${lab.backendService}:${lab.backendPort}`,
        ],
      },
      "no-successor": {
        unreachable: "it takes a cluster that makes no new pod within 25 s",
        says: "No new pod of the model became ready in time, so it can't be said whether the gateway finds it.",
        hints: [
          `kubectl get pods -l app=${lab.backend} and kubectl describe replicaset: why is there no successor?`,
          "Once two pods of the model are ready again, run it once more.",
        ],
      },
    },
    async observe(scene) {
      const [front, back] = await Promise.all([fleet(scene.cluster, lab.gateway), fleet(scene.cluster, lab.backend)]);
      const moving = front.moving ?? back.moving;
      if (moving) return waiting(moving);
      const command = `kubectl get pods -l app=${lab.backend} -o wide`;
      const ready = await backends(scene, lab);
      if (ready.length < 2) {
        return fail("one-replica", {
          object: `deployment/${lab.backend}`,
          path: "ready pods",
          expected: "at least 2",
          actual: `${ready.length}`,
          command,
        });
      }
      if (within(proxyPatience, quietFor(Date.now(), [...front.ready, ...back.ready], [])))
        return waiting("giving the nodes' rules a moment to follow the last change");

      const { flow, deleted, replacement, late, outage } = await losePod(scene, lab);
      const evidence: Evidence[] = [
        {
          object: `pod/${deleted}`,
          path: `${flow.sent} requests around its deletion, ${lab.rate} a second`,
          expected: "none fails once its successor is ready",
          actual: `${flow.failed} failed${flow.failed > 0 ? `, the last within ${Math.ceil(outage / 1_000)} s of it` : ""}${late > 0 ? `; ${late} too late` : ""}`,
          command,
        },
        {
          object: `deployment/${lab.backend}`,
          path: "answers by pod",
          expected: replacement ? `some from its successor ${replacement}` : "a successor",
          actual: counts(flow.pods) || listed([]),
          command,
        },
      ];
      if (late > 0) return fail("does-not-recover", evidence);
      if (!replacement) return fail("no-successor", evidence);
      if (Object.hasOwn(flow.pods, replacement)) return pass(evidence);
      // Either the gateway knows addresses, or it keeps its connections to the other pod open, which is as right: so the other one goes too.
      const again = await losePod(scene, lab);
      evidence.push({
        object: `pod/${again.deleted}`,
        path: `${again.flow.sent} requests around its deletion too`,
        expected: "none fails once its successor is ready",
        actual: `${again.flow.failed} failed; ${again.late} too late; answers by pod: ${counts(again.flow.pods)}`,
        command,
      });
      return again.late > 0 ? fail("does-not-follow", evidence) : pass(evidence);
    },
  });
