import type { V1Pod, V1Service } from "@kubernetes/client-node";
import { busyPatience, proxyPatience, quietFor, slicesOf, within } from "../../../checkers/core/behind.ts";
import { type Check, check, type Probes, type TrafficSample } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Evidence, type Fail, fail, type Pass, parts, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { counts, fleet, listed, nameOf, notFound } from "./reading.ts";

/** Requests for a path that the gateway answers by itself: enough to meet both of its pods, usually. */
const few = 6;

/** Pods the Service's EndpointSlices list as ready. */
async function behind(cluster: Cluster, service: string): Promise<string[]> {
  const slices = await slicesOf(cluster, service);
  return slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef, addresses }) => targetRef?.name ?? addresses[0] ?? "?");
}

/** Nothing of it can be judged: every part fails alike, and the reason is shown once. */
const none = <Code extends string>(failed: Fail<Code>): Fail<Code> | Pass =>
  parts({ health: failed, status: { ...failed, evidence: [] }, predict: { ...failed, evidence: [] } });

/** What the Service must be for a request from outside to get in, or undefined when it is. */
function doorTrouble(lab: Facts, { spec }: V1Service): Fail<"not-a-node-port" | "other-port"> | undefined {
  const at = { object: `service/${lab.gatewayService}`, command: `kubectl get service ${lab.gatewayService}` };
  const type = spec?.type ?? "ClusterIP";
  if (type !== "NodePort" && type !== "LoadBalancer") {
    return fail("not-a-node-port", { ...at, path: "spec.type", expected: "NodePort", actual: type });
  }
  const ports = (spec?.ports ?? []).map(({ nodePort }) => `${nodePort ?? "none"}`);
  if (ports.includes(`${lab.nodePort}`)) return undefined;
  return fail("other-port", {
    ...at,
    path: "spec.ports[*].nodePort",
    expected: `${lab.nodePort}`,
    actual: listed(ports),
  });
}

/** True where a body is JSON with the model's predictions. */
export function isPrediction(body: string | undefined, predictions: string): boolean {
  try {
    const value = JSON.parse(body ?? "") as { predictions?: unknown };
    return JSON.stringify(value.predictions) === JSON.stringify(JSON.parse(predictions));
  } catch {
    return false;
  }
}

type PathCode =
  | "no-answer"
  | "health-differs"
  | "status-differs"
  | "predict-missing"
  | "bad-gateway"
  | "some-fail"
  | "not-the-model"
  | "one-backend";

/** What a node that doesn't know of the last change yet looks like too. */
const silence: readonly PathCode[] = ["no-answer", "bad-gateway", "some-fail", "one-backend"];

/** One path the gateway answers by itself. */
async function own(
  lab: Facts,
  { traffic, outside }: Probes,
  path: string,
  text: string,
  differs: PathCode,
): Promise<Pass | Fail<PathCode>> {
  const sample = await traffic({ nodePort: lab.nodePort, path, n: few });
  const url = `http://${await outside(lab.nodePort)}${path}`;
  const seen: Evidence = {
    object: url,
    path: `${sample.sent} requests`,
    expected: `200: ${sample.sent}, with “${text}”`,
    actual: said(sample),
    command: `curl -i ${url}`,
  };
  if (noneAnswered(sample)) return fail("no-answer", seen);
  if (sample.statuses["0"]) return fail("some-fail", seen);
  const right = sample.statuses["200"] === sample.sent && (sample.body ?? "").includes(text);
  return right ? pass(seen) : fail(differs, seen);
}

const noneAnswered = ({ statuses, sent }: TrafficSample): boolean => (statuses["0"] ?? 0) === sent;
const said = ({ statuses, body, firstError }: TrafficSample): string =>
  [counts(statuses), body && `“${body.trim().slice(0, 120)}”`, firstError && `(${firstError})`]
    .filter(Boolean)
    .join(" ");

/** The path that leads on to the model. */
async function predict(
  lab: Facts,
  { traffic, outside }: Probes,
  backends: readonly string[],
): Promise<Pass | Fail<PathCode>> {
  const { nodePort, requests, backend } = lab;
  const sample = await traffic({ nodePort, path: "/predict", n: requests });
  const url = `http://${await outside(nodePort)}/predict`;
  const at = { object: url, command: `curl -i ${url}` };
  const evidence: Evidence[] = [
    { ...at, path: `${sample.sent} requests, by status`, expected: `200: ${sample.sent}`, actual: said(sample) },
    {
      ...at,
      path: "by pod that answered (x-served-by)",
      expected: `each of ${listed(backends)}`,
      actual: counts(sample.pods),
    },
  ];
  const count = (status: string): number => sample.statuses[status] ?? 0;
  const good = count("200");
  if (noneAnswered(sample)) return fail("no-answer", evidence);
  if (good === 0 && count("404") > 0) return fail("predict-missing", evidence);
  if (good === 0 && count("502") + count("503") + count("504") + count("0") > 0) return fail("bad-gateway", evidence);
  const strangers = Object.keys(sample.pods).filter((pod) => !backends.includes(pod));
  const model = good > 0 && isPrediction(sample.body, lab.predictions) && strangers.every((pod) => pod === "unknown");
  if (good === sample.sent && (!model || strangers.length > 0)) return fail("not-the-model", evidence);
  if (good < sample.sent) return fail(good === 0 ? "not-the-model" : "some-fail", evidence);
  if (backends.length > 1 && backends.some((pod) => !Object.hasOwn(sample.pods, pod))) {
    return fail("one-backend", [
      ...evidence,
      { object: `deployment/${backend}`, path: "ready pods", expected: "all get requests", actual: listed(backends) },
    ]);
  }
  return pass(evidence);
}

/**
 * Sends requests the way a client outside does. nginx keeps no connection to the upstream here, so kube-proxy picks for each request.
 * Right: the seed's configuration; a variable with a resolver; upstream over the full name; /predict passed on as / or as /predict.
 * Wrong: a prediction typed into nginx.conf; a pod's address as upstream; the wrong port; no location; a ClusterIP Service.
 */
export const routes = (lab: Facts): Check =>
  check({
    title: `/health, /status and /predict answer on node port ${lab.nodePort}`,
    points: 5,
    mode: "sample",
    within: "90s",
    // It counts who answers, and waits five seconds for each: a busy neighbor makes it slower, not different.
    alone: false,
    evidence: "state",
    parts: {
      health: { title: "/health says that the gateway itself lives", points: 1 },
      status: { title: "/status says which gateway it is", points: 1 },
      predict: { title: "/predict is answered by every replica of the model", points: 3 },
    },
    why: "Two Services in a row. The first is a NodePort, the only door: every node opens the port and leads to a gateway pod. nginx matches the path, opens a connection to the second Service's cluster IP, and the node's rules lead to a model pod, picked at random. Neither side ever knew a pod's address.",
    failures: {
      "no-service": {
        untouched: true,
        says: `There is no Service ${lab.gatewayService} yet, so nothing leads in from outside.`,
        hints: [
          "Which type of Service opens a port on every node?",
          `kind: Service, name ${lab.gatewayService}, type: NodePort, selector app: ${lab.gateway}, one port: port ${lab.gatewayPort}, targetPort ${lab.gatewayPort}, nodePort ${lab.nodePort}.`,
          `“provided port is already allocated” means that another Service of this cluster has it: kubectl get services -A | grep ${lab.nodePort}`,
        ],
      },
      "not-a-node-port": {
        says: "The Service is reachable from pods only: its type opens nothing on the nodes.",
        hints: [
          "kubectl get service shows TYPE. ClusterIP is what you get when you say nothing.",
          `Set spec.type: NodePort, and in the port nodePort: ${lab.nodePort}.`,
        ],
      },
      "other-port": {
        says: "The nodes open another port than the one asked for: without nodePort, the cluster draws one between 30000 and 32767.",
        hints: [
          `PORT(S) in kubectl get service reads port:nodePort. Which field of the Service fixes the second?`,
          `Under ports: nodePort: ${lab.nodePort}. kubectl expose can't set it; kubectl patch or kubectl edit can.`,
        ],
      },
      "no-pods": {
        says: "The door is open and leads to nobody: no ready pod stands behind the Service.",
        hints: [
          `kubectl get endpointslices -l kubernetes.io/service-name=${lab.gatewayService} is empty. Selected, or ready: which is missing?`,
          `kubectl get pods -l with the Service's own selector must list the gateway's pods: app=${lab.gateway}.`,
        ],
      },
      "no-answer": {
        says: "The Service has pods behind it, but connections from outside get no answer.",
        hints: [
          `Try one step in: kubectl exec ${lab.client} -- curl -si http://${lab.gatewayService}/health. No answer there either? Then it is the Service's targetPort.`,
          `targetPort is the port nginx listens on: ${lab.gatewayPort} (listen in nginx.conf).`,
        ],
      },
      "health-differs": {
        says: `/health doesn't answer 200 with “${lab.healthText}”.`,
        hints: [
          "404 means that no location matched. Which locations does the nginx that runs have? nginx -T in the pod shows them.",
          `location /health { return 200 '${lab.healthText}\\n'; }`,
        ],
      },
      "status-differs": {
        says: `/status doesn't answer 200 with “${lab.statusText}”.`,
        hints: [
          "Compare expected and seen. An old answer means that nginx hasn't read the new configuration: restart the pods.",
          `location /status { return 200 '${lab.statusText}\\n…'; }`,
        ],
      },
      "predict-missing": {
        says: "/predict is answered with 404: either nginx has no location for it, or it asks the model for a path the model doesn't have.",
        hints: [
          "Who says 404? nginx's own error page is HTML and names nginx; the model answers JSON.",
          "proxy_pass with a path behind the host replaces the part that the location matched; without one, the path goes through as it came. /predict with proxy_pass http://ml_backend/ asks the model for /, with http://ml_backend for /predict. Both exist there; /predict/predict doesn't.",
          "location /predict { proxy_pass http://ml_backend/; }",
        ],
      },
      "bad-gateway": {
        says: "nginx answers, but doesn't reach the model: 502 is a refused connection or none at all, 504 one that nobody answered in time.",
        hints: [
          "nginx writes down which address it tried: kubectl logs deployment/api-gateway --tail=5. Whose address is it?",
          `Does that address still belong to the Service? kubectl get service ${lab.backendService}. And is the port after the upstream's name ${lab.backendPort}?`,
          `The upstream is ${lab.backendService}:${lab.backendPort}. If that is what it says and the address differs, the Service was made anew after nginx started: kubectl rollout restart deployment/${lab.gateway}`,
        ],
      },
      "some-fail": {
        says: "Some of the requests fail: one of the gateways, or one of the models, isn't like the other.",
        hints: [
          "Two pods with two configurations behave like that. Are all gateway pods of one age?",
          `kubectl logs -l app=${lab.gateway} --prefix --tail=20 shows which pod fails and at whom. kubectl rollout restart deployment/${lab.gateway} gives all of them the present configuration.`,
        ],
      },
      "not-the-model": {
        says: "/predict answers, but the answer doesn't come from a pod of the model.",
        hints: [
          "The model's pods say who they are in the header x-served-by: curl -i shows it. Who answered here?",
          `nginx has to pass the request on, with proxy_pass, to ${lab.backendService}:${lab.backendPort}; a text typed into nginx.conf predicts nothing.`,
        ],
      },
      "one-backend": {
        says: "All answers come from one pod of the model, though another is ready: the gateway knows a pod, not the Service.",
        hints: [
          "What stands behind server in the upstream: a name, or an address from kubectl get pods -o wide?",
          `Name the Service: server ${lab.backendService}:${lab.backendPort}; and restart the gateway. If it does so already, look for sessionAffinity in the model's Service.`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const service = await cluster.get(kinds.Service, lab.gatewayService);
      if (!service) return none(fail("no-service", notFound(`service/${lab.gatewayService}`, "kubectl get services")));
      const shut = doorTrouble(lab, service);
      if (shut) return none(shut);
      const [front, back] = await Promise.all([fleet(cluster, lab.gateway), fleet(cluster, lab.backend)]);
      const moving = front.moving ?? back.moving;
      if (moving) return waiting(moving);
      if ((await behind(cluster, lab.gatewayService)).length === 0) {
        return none(
          fail("no-pods", {
            object: `service/${lab.gatewayService}`,
            path: "ready endpoints",
            expected: `the pods of ${lab.gateway}`,
            actual: "none",
            command: `kubectl get endpointslices -l kubernetes.io/service-name=${lab.gatewayService}`,
          }),
        );
      }
      const pods: V1Pod[] = [...front.ready, ...back.ready];
      const quiet = quietFor(Date.now(), pods, [service]);
      if (within(proxyPatience, quiet)) return waiting("giving the nodes' rules a moment to follow the last change");
      const health = await own(lab, probes, "/health", lab.healthText, "health-differs");
      const status = await own(lab, probes, "/status", lab.statusText, "status-differs");
      const served = await predict(lab, probes, back.ready.map(nameOf));
      const after = await fleet(cluster, lab.backend);
      if (after.moving) return waiting("pods changed while requests were sent: measuring again");
      const unheard = [health, status, served].some((one) => one.state === "fail" && silence.includes(one.code));
      if (unheard && within(busyPatience, quiet))
        return waiting("not every node may know of the last change yet: measuring again");
      return parts({ health, status, predict: served });
    },
  });
