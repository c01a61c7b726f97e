import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { counted, trafficOnceFollowed } from "../../../../checkers/probes/followed.ts";
import { type Facts, facts } from "./facts.ts";

/** Requests in one sample each way. */
const n = 10;

const reachable = ({ name, service, port, servicePort }: Facts) =>
  check({
    title: `${name} answers at ${service}:${servicePort} and on a port of the nodes`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "A NodePort Service is a ClusterIP Service with one more way in: every node passes that port on to the same pods. Three numbers are easily mixed up: nodePort (nodes), port (the Service), targetPort (the pods).",
    failures: {
      "no-service": {
        untouched: true,
        says: `There is no Service ${service} in this namespace.`,
        hints: ["kubectl expose deployment, with --name, --type, --port and --target-port, makes it in one line."],
      },
      "inside-only": {
        says: "The Service has no port on the nodes, so nobody outside the cluster gets in.",
        hints: ["kubectl get service: what stands under TYPE? kubectl explain service.spec.type lists what there is."],
      },
      "no-answer": {
        says: "Requests did not all get an answer on both ways.",
        hints: [
          "kubectl get endpointslices: is the pod behind the Service, and on which port?",
          `port must be ${servicePort}, targetPort ${port}; nodePort you may leave out.`,
        ],
      },
    },
    async observe(scene) {
      const found = await scene.cluster.get(kinds.Service, service);
      const object = `service/${service}`;
      if (!found) {
        return fail("no-service", { object, expected: "exists", actual: "not found", command: "kubectl get services" });
      }
      const { type, ports = [] } = found.spec ?? {};
      const nodePort = (ports.find((one) => one.port === servicePort) ?? ports[0])?.nodePort;
      const door: Evidence = {
        object,
        path: "spec.ports[*].nodePort",
        expected: "a port of the nodes",
        actual: nodePort === undefined ? `none (type ${type})` : String(nodePort),
        command: `kubectl get service ${service}`,
      };
      if (nodePort === undefined) return fail("inside-only", door);
      const pods = await standing(scene.cluster, name);
      if ("waiting" in pods) return waiting(pods.waiting, door);
      const all = (statuses: Readonly<Record<string, number>>): boolean => statuses["200"] === n;
      const ways: Evidence[] = [];
      for (const [path, target] of [
        [`port ${servicePort} inside the cluster`, { service, port: servicePort }],
        [`port ${nodePort} of a node`, { nodePort }],
      ] as const) {
        const sample = await trafficOnceFollowed(scene, { ...target, n }, ({ statuses }) => all(statuses));
        const evidence: Evidence = {
          object,
          path: `${n} requests to ${path}, by status`,
          expected: `200: ${n}`,
          actual: counted(sample.statuses) + (sample.firstError ? ` (${sample.firstError})` : ""),
          command: `kubectl get endpointslices -l kubernetes.io/service-name=${service}`,
        };
        if (!all(sample.statuses)) return fail("no-answer", [evidence, door]);
        ways.push(evidence);
      }
      return pass([...ways, door]);
    },
  });

export default defineLab({
  title: "Open a Service to the outside",
  summary: "A NodePort Service with the right port inside and a port on every node.",
  week: 1,
  minutes: 4,
  domain: "expose",
  study: ["03"],
  facts,
  checks: (f) => ({ reachable: reachable(f) }),
});
