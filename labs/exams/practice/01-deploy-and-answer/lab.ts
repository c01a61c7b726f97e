import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { notRunning, standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { counted, trafficOnceFollowed } from "../../../../checkers/probes/followed.ts";
import { type Facts, facts } from "./facts.ts";

const nameOf = (pod: { metadata?: { name?: string } }): string => pod.metadata?.name ?? "";

const pods = ({ name, replicas, team }: Facts) =>
  check({
    title: `${replicas} pods of ${name} run, each with the label team=${team}`,
    points: 2,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "The Deployment's template is what each pod is made from: labels that are to be on the pods stand there, not beside the Deployment's own name.",
    failures: {
      missing: {
        untouched: true,
        says: `There is no Deployment ${name} in this namespace.`,
        hints: [
          `kubectl create deployment ${name} --image=… --dry-run=client -o yaml writes a manifest to begin with.`,
        ],
      },
      "not-running": notRunning(name),
      "wrong-count": {
        says: `The Deployment keeps another number of pods than ${replicas}.`,
        hints: [`kubectl scale deployment ${name} --replicas=${replicas}`],
      },
      unlabeled: {
        says: `Not every pod has the label team=${team}. Whoever selects pods by it misses some.`,
        hints: ["kubectl get pods --show-labels. Pods get the labels of spec.template.metadata, nothing else."],
      },
    },
    async observe({ cluster }) {
      const object = `deployment/${name}`;
      if (!(await cluster.get(kinds.Deployment, name))) {
        return fail("missing", { object, expected: "exists", actual: "not found", command: "kubectl get deployments" });
      }
      const found = await standing(cluster, name);
      if ("stuck" in found) return fail("not-running", found.stuck);
      if ("waiting" in found) return waiting(found.waiting);
      const own = found.work.pods;
      const size: Evidence = { object, path: "ready pods", expected: String(replicas), actual: String(own.length) };
      if (own.length !== replicas) return fail("wrong-count", size);
      const bare = own.filter((pod) => pod.metadata?.labels?.team !== team);
      const label: Evidence = {
        object: `pod/${nameOf(bare[0] ?? own[0] ?? {})}`,
        path: "metadata.labels.team",
        expected: team,
        actual: (bare[0] ?? own[0])?.metadata?.labels?.team ?? "none",
        command: "kubectl get pods --show-labels",
      };
      return bare.length > 0 ? fail("unlabeled", label) : pass([size, label]);
    },
  });

/** Requests in one sample: that one of three pods gets none of 60 by chance happens once in 10 billion samples. */
const n = 60;

const answers = ({ name, servicePort, port }: Facts) =>
  check({
    title: `Service ${name}:${servicePort} is answered by all of these pods and by nothing else`,
    points: 3,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "A Service needs two things right: a selector that the pods' labels satisfy, and the port they listen on as targetPort. Its own port is free to differ.",
    failures: {
      "no-service": {
        untouched: true,
        says: `There is no Service ${name} in this namespace.`,
        hints: [`kubectl expose deployment ${name} makes one from the Deployment's selector; --help names its ports.`],
      },
      "not-answered": {
        says: "Not every request through the Service was answered with 200, or not by each pod of the Deployment.",
        hints: [
          `kubectl get endpointslices -l kubernetes.io/service-name=${name} shows which pods stand behind it, and on which port.`,
          `targetPort must be ${port}, where the program listens; the selector a label that these pods have and no others.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster } = scene;
      const service = await cluster.get(kinds.Service, name);
      const object = `service/${name}`;
      if (!service) {
        return fail("no-service", { object, expected: "exists", actual: "not found", command: "kubectl get services" });
      }
      const found = await standing(cluster, name);
      if ("waiting" in found) return waiting(found.waiting);
      const own = "work" in found ? found.work.pods.map(nameOf).sort() : [];
      const sample = await trafficOnceFollowed(
        scene,
        { service: name, port: servicePort, n },
        ({ statuses, pods: by }) => statuses["200"] === n && Object.keys(by).sort().join() === own.join(),
      );
      const evidence: Evidence[] = [
        {
          object,
          path: `${n} requests to port ${servicePort}, by status`,
          expected: `200: ${n}`,
          actual: counted(sample.statuses) + (sample.firstError ? ` (${sample.firstError})` : ""),
        },
        {
          object,
          path: "pods that answered",
          expected: own.join(", ") || `those of ${name}`,
          actual: Object.keys(sample.pods).sort().join(", ") || "none",
          command: `kubectl get endpointslices -l kubernetes.io/service-name=${name}`,
        },
      ];
      const right = sample.statuses["200"] === n && Object.keys(sample.pods).sort().join() === own.join();
      return right ? pass(evidence) : fail("not-answered", evidence);
    },
  });

export default defineLab({
  title: "Deploy a model server and give it a name",
  summary: "A Deployment with given replicas, port and labels, answering through a Service.",
  week: 1,
  minutes: 6,
  domain: "deploy",
  study: ["02"],
  facts,
  checks: (f) => ({ pods: pods(f), answers: answers(f) }),
});
