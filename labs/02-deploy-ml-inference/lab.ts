import type { V1EndpointSlice, V1Pod, V1Service } from "@kubernetes/client-node";
import { check, type Probes, type Scene, type TrafficSample } from "../../checkers/core/check.ts";
import { defineLab, type Measurement } from "../../checkers/core/lab.ts";
import { type Cluster, kinds } from "../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../checkers/core/verdict.ts";
import { Event, isReady, probeFailure, refusal, troubleOf, unsettled, workload } from "../../checkers/core/workload.ts";
import { type Facts, facts } from "./facts.ts";

const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";
const names = (list: readonly string[]): string => (list.length === 0 ? "none" : list.join(", "));
const counts = (tally: Record<string, number>): string =>
  names(Object.entries(tally).map(([key, count]) => `${key}: ${count}`));

/** The slices the cluster (or a learner, by hand) keeps for a Service. */
const slicesOf = (cluster: Cluster, service: string): Promise<V1EndpointSlice[]> =>
  cluster.list(kinds.EndpointSlice, { labels: { "kubernetes.io/service-name": service } });

const matches = (selector: Record<string, string>, labels: Record<string, string> | undefined): boolean =>
  Object.entries(selector).every(([key, value]) => labels?.[key] === value);

const shown = (pairs: Record<string, string> | undefined): string =>
  names(Object.entries(pairs ?? {}).map(([key, value]) => `${key}=${value}`));

/** Pods the slices list as ready, by name. */
const readyTargets = (slices: readonly V1EndpointSlice[]): string[] => [
  ...new Set(
    slices.flatMap((slice) =>
      (slice.endpoints ?? [])
        .filter((one) => one.conditions?.ready !== false && one.targetRef?.kind === "Pod")
        .map((one) => one.targetRef?.name ?? ""),
    ),
  ),
];

/** Milliseconds since the youngest change with a time on it that kube-proxy must follow: a pod became ready, a Service or slice was made. */
function quietFor(now: number, pods: readonly V1Pod[], objects: readonly (V1Service | V1EndpointSlice)[]): number {
  const readied = pods.map((pod) => pod.status?.conditions?.find((one) => one.type === "Ready")?.lastTransitionTime);
  const made = objects.map(({ metadata }) => metadata?.creationTimestamp);
  return now - Math.max(0, ...[...readied, ...made].map((one) => (one ? new Date(one).getTime() : 0)));
}
/** kube-proxy rewrites a node's rules at most once a second; the API server's times are whole seconds. */
const proxyPatience = 3_000;

/**
 * Requests in one sample for k ready pods. kube-proxy picks a pod at random for each connection, so n requests miss at least one of k
 * healthy pods with a probability of at most k(1 - 1/k)^n: for 2 pods and n = 40 that is 2 * 2^-40, under 2 in a million million; for 10 pods
 * and n = 200 it is 7 in a thousand million. A healthy Service is not failed by bad luck.
 */
export const sampleSize = (pods: number, least: number): number => Math.min(200, Math.max(least, 20 * pods));

const sampleEvidence = ({ service }: Facts, sample: TrafficSample, ready: readonly string[]): Evidence[] => [
  {
    object: `service/${service}`,
    path: `${sample.sent} requests, by HTTP status`,
    expected: `200: ${sample.sent}`,
    actual: counts(sample.statuses) + (sample.firstError ? ` (${sample.firstError})` : ""),
  },
  {
    object: `service/${service}`,
    path: `${sample.sent} requests, by pod that answered`,
    expected: `each of ${names(ready)}`,
    actual: counts(sample.pods),
    command: `kubectl get endpointslices -l kubernetes.io/service-name=${service}`,
  },
];

/** True when two reads saw the same pods ready: otherwise what was measured in between belongs to neither. */
const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && [...one].sort().join() === [...other].sort().join();

interface Answer {
  predictions?: unknown;
  model?: unknown;
  version?: unknown;
}
const parsed = (body: string): Answer | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Sends the requests of the lab through the Service, from new connections. */
const throughService = ({ traffic }: Probes, { service, port }: Facts, n: number): Promise<TrafficSample> =>
  traffic({ service, port, path: "/", n });

/** The two pods an experiment needs, or a sentence on what is missing. */
async function twoReady({ cluster }: Scene, { deployment }: Facts): Promise<string[]> {
  const found = await workload(cluster, deployment);
  const ready = (found?.pods ?? []).filter(isReady).map(nameOf);
  if (ready.length < 2) {
    throw new Error(
      `This measures two ready pods of ${deployment} behind its Service; there ${ready.length === 1 ? "is one" : "are none"}. Do the tasks above first.`,
    );
  }
  return ready;
}

/** Splits `image` into what stands before the tag, and the tag; a digest counts as pinned. */
export function imageParts(image: string): { repository: string; tag: string | undefined; digest: string | undefined } {
  const [before = "", digest] = image.split("@");
  const slash = before.lastIndexOf("/");
  const colon = before.indexOf(":", slash + 1);
  return colon < 0
    ? { repository: before, tag: undefined, digest }
    : { repository: before.slice(0, colon), tag: before.slice(colon + 1), digest };
}

export default defineLab({
  title: "Deploy ml-inference",
  summary:
    "Declare two replicas of a model server, give them one name that stays, and follow a request from that name to a pod.",
  week: 1,
  minutes: 45,
  domain: "deploy",
  prerequisites: ["01-cluster-and-kubectl"],
  facts,

  checks: (lab: Facts) => {
    const { deployment, service, port, replicas, app, tier, image, body, requests } = lab;
    const getDeployment = `kubectl get deployment ${deployment}`;

    return {
      "every-replica-answers": check({
        title: `Requests to ${service}:${port} are answered by every replica, and by nothing else`,
        points: 5,
        mode: "sample",
        within: "90s",
        evidence: "state",
        why: "The name led to one address, and kube-proxy on the client's node sent each new connection to a ready pod picked at random. Nobody had to know a pod's IP, so pods may come and go.",
        failures: {
          "no-service": {
            untouched: true,
            says: "There is no Service of that name yet, so the name leads nowhere.",
            hints: [
              "The pods need one address that stays. Which kind of object gives a set of pods a name?",
              `Write a manifest of kind Service named ${service}: a selector that your pods' labels match, and one port.`,
              `kubectl expose deployment ${deployment} --name=${service} --port=${port} makes one from the Deployment's own selector.`,
            ],
          },
          "no-answer": {
            says: "The Service is there, but not one request got an answer.",
            hints: [
              "Climb the ladder from the bottom: are pods running? ready? selected? on the port the Service sends to? Stop at the first no.",
              `kubectl get endpointslices -l kubernetes.io/service-name=${service} shows the addresses and the port that requests are sent to. No address: look at the selector and at READY. An address: look at the port.`,
              `The Service's targetPort must be the port the program listens on (-listen), which is ${port}; its selector must be a pair of labels the pods carry: kubectl get pods --show-labels`,
            ],
          },
          "some-fail": {
            says: "Some requests got no good answer: behind the Service there is something that doesn't serve them.",
            hints: [
              "Every pod that the selector matches gets a share of the requests, and a pod without a readiness probe counts as ready as soon as it runs.",
              `Compare the addresses in kubectl get endpointslices -l kubernetes.io/service-name=${service} with kubectl get pods -o wide. Is there a pod behind the Service that you didn't mean?`,
              `Delete what does not belong there or take its label ${app} away, and see that every pod listens on ${port}.`,
            ],
          },
          stranger: {
            says: `Requests to the Service were answered by a pod that the Deployment ${deployment} doesn't own.`,
            hints: [
              "A selector takes every pod whose labels match, whoever made it.",
              "kubectl get pods --show-labels: which pods carry the selector's labels besides your replicas? The evidence names them.",
              "Delete the other pod, or the Deployment that keeps making it, or give it labels of its own.",
            ],
          },
          "silent-replica": {
            says: "A replica is ready, yet it answered none of the requests.",
            hints: [
              "All requests of this sample came from one client. What could tie a client to one pod, or keep a pod out of the Service?",
              `kubectl get service ${service} -o yaml: look at selector, sessionAffinity and internalTrafficPolicy.`,
              "sessionAffinity: ClientIP sends a client to the same pod for three hours; internalTrafficPolicy: Local only to pods on its own node. Neither is wanted here: take it out. If both are absent, compare the selector with the labels of each pod.",
            ],
          },
          "one-replica": {
            says: "One pod answers everything: there is no second one, so its end is the service's end.",
            hints: [
              `How many ready pods does ${getDeployment} show?`,
              `Set replicas: ${replicas} in the manifest and apply it again.`,
            ],
          },
        },
        async observe({ cluster, probes }) {
          const found = await cluster.get(kinds.Service, service);
          if (!found) {
            return fail("no-service", {
              object: `service/${service}`,
              expected: "exists",
              actual: "not found",
              command: "kubectl get services",
            });
          }
          const work = await workload(cluster, deployment);
          // Pods that are on their way are waited for; pods that will not get there are not.
          if (work && !work.newest.some(troubleOf) && !refusal(work.deployment)) {
            const events = await cluster.list(Event);
            const why = unsettled(work.deployment);
            if (why && !work.newest.some((pod) => probeFailure(pod, events, Date.now()))) return waiting(why);
          }
          const ready = (work?.pods ?? []).filter(isReady);
          const slices = await slicesOf(cluster, service);
          const listed = readyTargets(slices);
          const selector = found.spec?.selector ?? {};
          const late =
            Object.keys(selector).length > 0 &&
            ready.some((pod) => matches(selector, pod.metadata?.labels) && !listed.includes(nameOf(pod)));
          if (late) return waiting("the Service's endpoints do not list every ready pod yet");
          const quiet = quietFor(Date.now(), ready, [found, ...slices]);
          if (quiet >= 0 && quiet < proxyPatience)
            return waiting("giving kube-proxy a moment to follow the last change");

          const own = ready.map(nameOf);
          const sample = await throughService(probes, lab, sampleSize(own.length, requests));
          const after = (await workload(cluster, deployment))?.pods.filter(isReady).map(nameOf) ?? [];
          if (!same(own, after)) return waiting("pods changed while requests were sent: measuring again");

          const evidence = sampleEvidence(lab, sample, own);
          const good = sample.statuses["200"] ?? 0;
          const answered = Object.keys(sample.pods);
          if (good === 0) return fail("no-answer", evidence);
          const strangers = answered.filter((pod) => !own.includes(pod));
          if (strangers.length > 0) {
            return fail("stranger", [
              {
                path: "answers from other pods",
                expected: "none",
                actual: names(strangers),
                command: "kubectl get pods --show-labels",
              },
              ...evidence,
            ]);
          }
          if (good < sample.sent) return fail("some-fail", evidence);
          if (own.some((pod) => !answered.includes(pod))) return fail("silent-replica", evidence);
          if (own.length < 2) {
            return fail("one-replica", [
              {
                object: `deployment/${deployment}`,
                path: "ready pods",
                expected: "at least 2",
                actual: String(own.length),
                command: getDeployment,
              },
              ...evidence,
            ]);
          }
          return pass(evidence);
        },
      }),

      "answers-prediction": check({
        title: `Each pod answers on port ${port} with the prediction of ${lab.model} ${lab.version}`,
        points: 3,
        mode: "sample",
        within: "60s",
        evidence: "state",
        why: "The arguments in the pod template became the program's command line in every pod made from it. Whatever differs from pod to pod can't be in the template: that is why replicas are interchangeable.",
        failures: {
          "no-pods": {
            untouched: true,
            says: `There are no pods of the Deployment ${deployment} to ask yet.`,
            hints: [
              `Finish the manifest and apply it: kubectl apply -f ${deployment}.yaml`,
              "If you did: kubectl get pods says what became of them. A pod that never ran can't answer; the check on replicas says why.",
            ],
          },
          "no-answer": {
            says: `A pod runs, but asked directly on port ${port} for / it doesn't answer with 200.`,
            hints: [
              "containerPort in the manifest opens nothing: it is a note. What decides which port the program listens on?",
              `kubectl logs deployment/${deployment} shows the address it listens on.`,
              `The program takes its address from the argument -listen: it must be -listen=:${port}, with the colon.`,
            ],
          },
          "not-json": {
            says: "A pod answers, but not with a JSON object.",
            hints: [
              "Ask it yourself and look at the very first and last characters of the answer.",
              "Quotes are eaten twice if you let them: once by YAML, and once by a shell if there is one. See what arrived: kubectl get deployment " +
                deployment +
                " -o jsonpath='{.spec.template.spec.containers[0].args}'",
              `In YAML put the whole argument between single quotes, and leave JSON its double ones: '-text=${body}'`,
            ],
          },
          differs: {
            says: "A pod answers with JSON, but it isn't the prediction that was asked for.",
            hints: [
              'Expected and seen stand side by side in the evidence: compare them field by field, types too ( "1.0" is text, 1.0 is a number).',
              `The answer is the argument -text. It should read: ${body}`,
            ],
          },
        },
        async observe({ cluster, probes }) {
          const work = await workload(cluster, deployment);
          const why = work && !refusal(work.deployment) ? unsettled(work.deployment) : undefined;
          const running = (work?.newest ?? []).filter((pod) =>
            pod.status?.containerStatuses?.some((one) => one.state?.running),
          );
          const stuck = work?.newest.some(troubleOf) ?? false;
          if (!work || (running.length === 0 && (stuck || !why))) {
            return fail("no-pods", {
              object: `deployment/${deployment}`,
              path: "running pods",
              expected: String(replicas),
              actual: "0",
              command: "kubectl get pods",
            });
          }
          const events = await cluster.list(Event);
          const failing = (pod: V1Pod) => probeFailure(pod, events, Date.now()) !== undefined;
          if (why && !stuck && !running.some(failing)) return waiting(why);

          const expected = JSON.parse(body) as Required<Answer>;
          const evidence: Evidence[] = [];
          for (const pod of running.slice(0, 10)) {
            const name = nameOf(pod);
            const command = `kubectl exec ${lab.client} -- curl -s --max-time 3 http://${pod.status?.podIP}:${port}/`;
            const answer = await probes.podGet(name, port, "/");
            const seen = (path: string, want: string, actual: string): Evidence => ({
              object: `pod/${name}`,
              path,
              expected: want,
              actual,
              command,
            });
            if (answer.status !== 200) {
              return fail(
                "no-answer",
                seen(`GET :${port}/`, "200", answer.status === 0 ? "no answer on this port" : String(answer.status)),
              );
            }
            const json = parsed(answer.body);
            if (!json) return fail("not-json", seen("body", body, answer.body.slice(0, 200)));
            const wrong = (["predictions", "model", "version"] as const).filter(
              (key) => JSON.stringify(json[key]) !== JSON.stringify(expected[key]),
            );
            if (wrong.length > 0) {
              return fail(
                "differs",
                wrong.map((key) =>
                  seen(`body.${key}`, JSON.stringify(expected[key]), JSON.stringify(json[key]) ?? "absent"),
                ),
              );
            }
            evidence.push(seen("body", body, answer.body.slice(0, 200)));
          }
          return pass(evidence);
        },
      }),

      replicas: check({
        title: `The Deployment ${deployment} wants ${replicas} pods and has them ready`,
        points: 3,
        mode: "observe",
        within: "90s",
        evidence: "state",
        why: "You wrote down a number; controllers made the world match it and will go on doing so. A pod that dies is missing from the count, and that is all it takes to get another.",
        failures: {
          "no-deployment": {
            untouched: true,
            says: `There is no Deployment ${deployment} in this lab's namespace.`,
            hints: [
              `Finish ${deployment}.yaml in your folder, then hand it to the cluster: kubectl apply -f ${deployment}.yaml`,
              `You did? Then it went elsewhere: kubectl get deployments -A | grep ${deployment} shows in which namespace. This lab's is ${lab.namespace}.`,
              "A namespace: in the manifest, or -n on the command line, overrides the one your terminal is set to. Take it out, apply again, and delete the stray one.",
            ],
          },
          "wrong-count": {
            says: "The Deployment asks for another number of pods than the task does, so that is what you get.",
            hints: [
              "A Deployment without replicas: gets one. Which field says how many?",
              `Set spec.replicas to ${replicas} and apply, or kubectl scale deployment ${deployment} --replicas=${replicas}. If you scale by hand, mend the file too: the next apply would undo it.`,
            ],
          },
          "image-pull": {
            says: "The node can't get the image, so the container never starts.",
            hints: [
              "Read the image's name in the evidence letter by letter, the part after the colon too. No tag means :latest.",
              "kubectl describe pod shows the attempts under Events. Back-off means that the kubelet tries again, later each time: waiting won't mend a wrong name.",
              `The image is ${image}. Correct it and apply: new pods replace the stuck ones.`,
            ],
          },
          "crash-loop": {
            says: "The container starts and ends, again and again: the image is fine, what it is told to do isn't.",
            hints: [
              "Its last words are kept: kubectl logs POD --previous shows what the former try said.",
              "Compare the arguments that arrived with the ones you meant: kubectl get pod POD -o jsonpath='{.spec.containers[0].args}'. Each list entry is one argument; no shell splits or unquotes them. command: replaces the program itself and isn't needed.",
              `Two arguments are wanted: -listen=:${port} and -text=…, each its own entry under args:.`,
            ],
          },
          unschedulable: {
            says: "No node can take the pod: it asks for more than any has left.",
            hints: [
              "The scheduler counts requests, not use. Compare resources.requests with what a node can give: kubectl describe nodes | grep -A 6 Allocatable",
              "Mind the units: cpu: 50m is a twentieth of a core, cpu: 50 is fifty cores; memory: 64Mi and 64Gi differ by a factor of 1,024.",
              "The skeleton's values fit: requests cpu: 50m, memory: 64Mi.",
            ],
          },
          refused: {
            says: "The API server accepted the Deployment but refuses to create its pods.",
            hints: [
              "A Deployment is checked when you apply it, its pods only when they are made. The refusal is in the evidence, and in kubectl describe replicaset.",
              "Whatever it names must exist, or be allowed, in this namespace: a ServiceAccount, a quota, a policy.",
              "This lab needs no serviceAccountName: without one the pods use the namespace's default.",
            ],
          },
          "not-ready": {
            says: "The containers run, but their probe keeps failing, so no pod may be sent requests.",
            hints: [
              "The evidence has the kubelet's own words: which port and path did it ask, and what came back?",
              "Three places must agree: the port the program listens on (-listen), the probe's port, and its path. containerPort changes none of them.",
              `Let the program listen on :${port} and the probe ask that port for /.`,
            ],
          },
        },
        async observe({ cluster }) {
          const work = await workload(cluster, deployment);
          if (!work) {
            return fail("no-deployment", [
              {
                object: `deployment/${deployment}`,
                expected: `exists in namespace ${lab.namespace}`,
                actual: "not found",
                command: "kubectl get deployments",
              },
              ...(await astray(cluster, deployment)),
            ]);
          }
          const want = work.deployment.spec?.replicas ?? 1;
          const evidence: Evidence = {
            object: `deployment/${deployment}`,
            path: "spec.replicas",
            expected: String(replicas),
            actual: String(want),
            command: getDeployment,
          };
          if (want !== replicas) return fail("wrong-count", evidence);
          const refused = refusal(work.deployment);
          if (refused) return fail("refused", refused);
          const troubles = work.newest.map(troubleOf).filter((one) => one !== undefined);
          const first = troubles.find((one) => one.kind !== "crash-loop");
          if (first) return fail(first.kind, first.evidence);
          const why = unsettled(work.deployment);
          if (why) {
            const events = await cluster.list(Event);
            const probed = work.newest
              .map((pod) => probeFailure(pod, events, Date.now()))
              .find((one) => one !== undefined);
            if (probed) return fail("not-ready", probed);
          }
          const crash = troubles[0];
          if (crash) return fail("crash-loop", crash.evidence);
          if (why) return waiting(why, evidence);
          return pass([
            evidence,
            { ...evidence, path: "status.readyReplicas", actual: String(work.deployment.status?.readyReplicas ?? 0) },
          ]);
        },
      }),

      labels: check({
        title: `The pods carry app=${app} and tier=${tier}`,
        points: 2,
        mode: "observe",
        within: "30s",
        evidence: "state",
        why: "Labels are the only thing that joins a Service, a Deployment, a dashboard or a network policy to pods. They are copied from the template when a pod is made, so they belong there.",
        failures: {
          "no-pods": {
            untouched: true,
            says: "There are no pods to carry labels yet.",
            hints: ["Apply the Deployment first; its pods get their labels from spec.template.metadata.labels."],
          },
          "only-on-deployment": {
            says: "The Deployment itself has the labels, its pods don't: a selector looks at pods.",
            hints: [
              "The manifest has two places called metadata.labels. Whose labels is each?",
              "kubectl get pods --show-labels shows what the pods have. Theirs come from spec.template.metadata.labels.",
              "Move or copy the missing label under template: → metadata: → labels: and apply; the pods are replaced by labelled ones.",
            ],
          },
          differ: {
            says: "A label is missing from the pods or has another value than the task's.",
            hints: [
              "kubectl get pods -L app,tier shows both as columns.",
              `Under template: → metadata: → labels: there should stand app: ${app} and tier: ${tier}; more labels do no harm.`,
            ],
          },
        },
        async observe({ cluster }) {
          const work = await workload(cluster, deployment);
          const none: Evidence = {
            object: `deployment/${deployment}`,
            path: "pods",
            expected: "some",
            actual: "none",
            command: "kubectl get pods --show-labels",
          };
          if (!work) return fail("no-pods", none);
          if (work.newest.length === 0)
            return refusal(work.deployment) ? fail("no-pods", none) : waiting("the pods are being made", none);
          const wanted = { app, tier };
          const evidence = work.newest.map(
            (pod): Evidence => ({
              object: `pod/${nameOf(pod)}`,
              path: "metadata.labels",
              expected: shown(wanted),
              actual: shown(pod.metadata?.labels),
              command: "kubectl get pods -L app,tier",
            }),
          );
          if (work.newest.every((pod) => matches(wanted, pod.metadata?.labels))) return pass(evidence);
          return fail(matches(wanted, work.deployment.metadata?.labels) ? "only-on-deployment" : "differ", evidence);
        },
      }),

      service: check({
        title: `${service} is a ClusterIP Service on port ${port} that selects those pods`,
        points: 3,
        mode: "observe",
        within: "30s",
        evidence: "state",
        why: "A cluster IP exists nowhere but in the nodes' own forwarding rules: reachable from pods, not from outside. Because the Service selects by label, the list behind it is kept right by the cluster, not by you.",
        failures: {
          "no-service": {
            untouched: true,
            says: `There is no Service ${service} yet: the pods have addresses, but no name that stays.`,
            hints: [
              "A Deployment keeps pods alive; it gives them no name. Which object does?",
              `kubectl create service clusterip --help and kubectl expose --help both lead there; or write ten lines of YAML: kind: Service, selector, ports.`,
              `kubectl expose deployment ${deployment} --name=${service} --port=${port}`,
            ],
          },
          "wrong-type": {
            says: "The Service isn't of type ClusterIP: it reaches further than it has to.",
            hints: [
              "Who calls this service? The gateway, from inside the cluster; nobody from outside. Which type is for that?",
              "NodePort opens a port on every node, LoadBalancer asks for an address outside, ExternalName is only a DNS alias. Leave type: out, or set it to ClusterIP.",
            ],
          },
          headless: {
            says: "clusterIP: None makes the Service headless: its name leads straight to pod addresses, and no cluster IP stands in front.",
            hints: [
              `What does kubectl get service ${service} show under CLUSTER-IP?`,
              "Headless is for clients that choose a pod themselves (lab 16). A cluster IP can't be added to a Service that has none: delete it, take clusterIP: out, and create it again.",
            ],
          },
          "wrong-port": {
            says: `The Service has no port ${port}, so a request to ${service}:${port} goes nowhere.`,
            hints: [
              "A Service has two port numbers. port is where clients knock; targetPort is where the pods listen. They may differ.",
              `Set port: ${port} in the Service's ports (TCP, which is what it is unless you say otherwise).`,
            ],
          },
          "no-selector": {
            says: "The Service has no selector: nobody keeps the list of pods behind it, so the next pod that is replaced is lost to it.",
            hints: [
              "Endpoints written by hand are right only until a pod is replaced. Try it: delete a pod and look again.",
              `Give the Service a selector: app: ${app}. The cluster then keeps its EndpointSlice itself.`,
            ],
          },
          "selects-nothing": {
            says: `The Service's selector doesn't match the pods of ${deployment}.`,
            hints: [
              "Every pair in the selector must be on the pod, letter by letter. Put the two lists side by side.",
              `kubectl get pods -l with the selector's own pairs should list your replicas. See it: kubectl get service ${service} -o jsonpath='{.spec.selector}'`,
              `selector: app: ${app} is enough.`,
            ],
          },
        },
        async observe({ cluster }) {
          const found = await cluster.get(kinds.Service, service);
          const at = { object: `service/${service}`, command: `kubectl get service ${service} -o yaml` };
          if (!found)
            return fail("no-service", {
              ...at,
              expected: "exists",
              actual: "not found",
              command: "kubectl get services",
            });
          const { type, clusterIP, ports, selector = {} } = found.spec ?? {};
          const typed: Evidence = { ...at, path: "spec.type", expected: "ClusterIP", actual: type ?? "ClusterIP" };
          if (typed.actual !== "ClusterIP") return fail("wrong-type", typed);
          if (clusterIP === "None")
            return fail("headless", { ...at, path: "spec.clusterIP", expected: "an address", actual: "None" });
          const offered = (ports ?? []).map((one) => `${one.port}/${one.protocol ?? "TCP"}`);
          const ported: Evidence = {
            ...at,
            path: "spec.ports[*].port",
            expected: `${port}/TCP`,
            actual: names(offered),
          };
          if (!offered.includes(`${port}/TCP`)) return fail("wrong-port", ported);
          if (Object.keys(selector).length === 0)
            return fail("no-selector", { ...at, path: "spec.selector", expected: `app=${app}`, actual: "none" });
          const work = await workload(cluster, deployment);
          const template = work?.deployment.spec?.template.metadata?.labels;
          const selected: Evidence = {
            ...at,
            path: "spec.selector",
            expected: `labels of the pods: ${shown(template)}`,
            actual: shown(selector),
          };
          const all =
            work !== undefined &&
            work.newest.length > 0 &&
            work.newest.every((pod) => matches(selector, pod.metadata?.labels));
          if (!all && !(template && matches(selector, template))) return fail("selects-nothing", selected);
          return pass([typed, ported, selected]);
        },
      }),

      "endpoints-ready": check({
        title: `Behind the Service stand ${replicas} ready endpoints on port ${port}`,
        points: 2,
        mode: "observe",
        within: "90s",
        evidence: "state",
        why: "The EndpointSlice is the cluster's own answer to which pods, on which port, and ready or not. kube-proxy on every node follows it, so it is the first thing to read when a Service doesn't answer.",
        failures: {
          "no-service": {
            untouched: true,
            says: "Endpoints come with a Service, and there is none yet.",
            hints: [`Create the Service ${service} first; its EndpointSlice is made for you within a second.`],
          },
          "no-endpoints": {
            says: "No pod of the Deployment is listed behind the Service: requests have nowhere to go.",
            hints: [
              "Only pods that the selector matches are listed. Does it match any?",
              `Compare kubectl get service ${service} -o jsonpath='{.spec.selector}' with kubectl get pods --show-labels.`,
              `Use a selector that the pods' labels satisfy: app: ${app}.`,
            ],
          },
          "not-ready": {
            says: "The pods are listed, but not as ready, so nothing is sent to them.",
            hints: [
              "Running and ready are two things. What does READY say in kubectl get pods?",
              "kubectl describe pod shows under Events why its readiness probe fails: connection refused is a wrong port or a program that isn't listening; 404 is a wrong path.",
              `Let the probe ask the port the program listens on (${port}) for a path it knows (/).`,
            ],
          },
          "wrong-target-port": {
            says: `The Service sends requests to a port of the pods that isn't ${port}, where they listen.`,
            hints: [
              `kubectl get endpointslices -l kubernetes.io/service-name=${service}: which number stands under PORTS?`,
              "That is the Service's targetPort. Left out, it is the same as port; given as a name, it is the containerPort of that name in the pod.",
              `Set targetPort: ${port}, or a name that the container gives to port ${port}.`,
            ],
          },
        },
        async observe({ cluster }) {
          const found = await cluster.get(kinds.Service, service);
          const command = `kubectl get endpointslices -l kubernetes.io/service-name=${service}`;
          const at = { object: `service/${service}`, command };
          if (!found)
            return fail("no-service", {
              ...at,
              expected: "exists",
              actual: "not found",
              command: "kubectl get services",
            });
          const [work, slices] = await Promise.all([workload(cluster, deployment), slicesOf(cluster, service)]);
          const own = new Set((work?.pods ?? []).map(nameOf));
          const listed = slices
            .flatMap((slice) => slice.endpoints ?? [])
            .filter((one) => own.has(one.targetRef?.name ?? ""));
          const selector = found.spec?.selector ?? {};
          const selectable = (work?.newest ?? []).filter((pod) => matches(selector, pod.metadata?.labels));
          const on = slices.flatMap((slice) => (slice.ports ?? []).map((one) => one.port));
          const ready = [...own].filter((pod) => readyTargets(slices).includes(pod));
          const listing: Evidence = {
            ...at,
            path: "endpoints",
            expected: `${replicas} pods of ${deployment}`,
            actual: names(listed.map((one) => one.targetRef?.name ?? "")),
          };
          const readiness: Evidence = {
            ...at,
            path: "endpoints[*].conditions.ready",
            expected: `${replicas} ready`,
            actual: `${ready.length} ready`,
          };
          const ports: Evidence = {
            ...at,
            path: "ports",
            expected: String(port),
            actual: names([...new Set(on.map(String))]),
          };

          const why = work ? unsettled(work.deployment) : undefined;
          const onTheWay = work !== undefined && !refusal(work.deployment) && !work.newest.some(troubleOf);
          if (listed.length === 0) {
            if (onTheWay && (selectable.length > 0 || work.newest.length === 0))
              return waiting("the cluster is listing the pods behind the Service", listing);
            return fail("no-endpoints", listing);
          }
          if (!on.includes(port)) return fail("wrong-target-port", ports);
          if (ready.length < replicas) {
            const events = await cluster.list(Event);
            const probed = (work?.newest ?? [])
              .map((pod) => probeFailure(pod, events, Date.now()))
              .find((one) => one !== undefined);
            if (
              onTheWay &&
              !probed &&
              (why || selectable.some((pod) => isReady(pod) && !ready.includes(nameOf(pod))))
            ) {
              return waiting(why ?? "the endpoints are following the pods", readiness);
            }
            return fail("not-ready", [readiness, ...(probed ? [probed] : [])]);
          }
          return pass([listing, readiness, ports]);
        },
      }),

      "image-pinned": check({
        title: `The pods run ${image}, not whatever is latest`,
        points: 1,
        mode: "observe",
        within: "30s",
        evidence: "state",
        why: "A tag that moves makes two pods of one Deployment run two programs, and gives a rollback nothing to go back to. A version in the manifest is a fact in your history.",
        failures: {
          "no-deployment": {
            untouched: true,
            says: "There is no Deployment to read an image from yet.",
            hints: [`Finish ${deployment}.yaml and apply it; the image is one of the places left open.`],
          },
          floating: {
            says: "The image has no fixed version: no tag means :latest, and latest is whatever was pushed last.",
            hints: [
              "What would the pod run that is made tonight, when a node fails and someone pushed this afternoon?",
              `Name the version after a colon: ${image}`,
            ],
          },
          "other-image": {
            says: "The pods run another image or version than the task asks for.",
            hints: [
              "Compare the image in the evidence with the task's, registry and tag included.",
              `Set image: ${image} and apply.`,
            ],
          },
        },
        async observe({ cluster }) {
          const found = await cluster.get(kinds.Deployment, deployment);
          if (!found)
            return fail("no-deployment", {
              object: `deployment/${deployment}`,
              expected: "exists",
              actual: "not found",
              command: "kubectl get deployments",
            });
          const images = (found.spec?.template.spec?.containers ?? []).map((one) => one.image ?? "");
          const evidence: Evidence = {
            object: `deployment/${deployment}`,
            path: "spec.template.spec.containers[*].image",
            expected: image,
            actual: names(images),
            command: `kubectl get deployment ${deployment} -o jsonpath='{.spec.template.spec.containers[*].image}'`,
          };
          const parts = images.map(imageParts);
          if (parts.some(({ tag, digest }) => !digest && (tag === undefined || tag === "latest")))
            return fail("floating", evidence);
          const wanted = imageParts(image);
          const serves = parts.some(
            (one) => one.repository === wanted.repository && (one.digest !== undefined || one.tag === wanted.tag),
          );
          return serves ? pass(evidence) : fail("other-image", evidence);
        },
      }),

      readiness: check({
        title: "The pods say for themselves when they can take requests",
        points: 1,
        mode: "observe",
        within: "30s",
        evidence: "state",
        why: "Without a readiness probe a pod counts as ready the moment its process starts. A model server that loads weights for a minute would be sent requests for that minute.",
        failures: {
          "no-deployment": {
            untouched: true,
            says: "There is no Deployment to look at yet.",
            hints: ["Apply the Deployment first."],
          },
          "no-probe": {
            says: "No container has a readiness probe: each pod is sent requests as soon as its process exists.",
            hints: [
              "The skeleton has a liveness probe, which asks: shall I restart it? Another probe asks: shall I send it requests?",
              "Add readinessProbe: beside livenessProbe:. An httpGet is the usual kind; tcpSocket, exec and grpc are accepted too.",
              `readinessProbe: with httpGet: path: / and port: ${port}, and periodSeconds: 5.`,
            ],
          },
        },
        async observe({ cluster }) {
          const found = await cluster.get(kinds.Deployment, deployment);
          if (!found)
            return fail("no-deployment", {
              object: `deployment/${deployment}`,
              expected: "exists",
              actual: "not found",
              command: "kubectl get deployments",
            });
          const probed = (found.spec?.template.spec?.containers ?? [])
            .filter((one) => one.readinessProbe)
            .map((one) => one.name);
          const evidence: Evidence = {
            object: `deployment/${deployment}`,
            path: "spec.template.spec.containers[*].readinessProbe",
            expected: "on at least one container",
            actual: probed.length > 0 ? `on ${names(probed)}` : "on none",
            command: `kubectl get deployment ${deployment} -o yaml`,
          };
          return probed.length > 0 ? pass(evidence) : fail("no-probe", evidence);
        },
      }),
    };
  },

  experiments: (lab: Facts) => ({
    /** Ten rounds of new connections through the Service: how uneven is random? n = 400; the mean of the ten maxima is within 1 of 22.5 in 9 of 10 runs. */
    "busier-pod": {
      within: "2m",
      async measure(scene): Promise<Measurement> {
        await twoReady(scene, lab);
        const rounds: number[] = [];
        for (let round = 0; round < 10; round++) {
          const { pods } = await throughService(scene.probes, lab, lab.requests);
          rounds.push(Math.max(0, ...Object.values(pods)));
        }
        const even = rounds.filter((most) => most === lab.requests / 2).length;
        const mean = rounds.reduce((sum, most) => sum + most, 0) / rounds.length;
        return {
          value: Math.round(mean * 10) / 10,
          series: rounds.map((most, index) => ({ label: `round ${index + 1}`, value: most })),
          says: `10 rounds of ${lab.requests} new connections: the busier pod got ${Math.min(...rounds)} to ${Math.max(...rounds)} of them, ${mean.toFixed(1)} on average; an even ${lab.requests / 2} came ${even} times.`,
        };
      },
    },
    /** One curl process keeps its connection for all its requests; kube-proxy chose a pod once, when it was opened. */
    "one-connection": {
      within: "60s",
      async measure(scene): Promise<Measurement> {
        const ready = await twoReady(scene, lab);
        const url = `http://${lab.service}:${lab.port}/?[1-${lab.kept}]`;
        const { code, stdout, stderr } = await scene.probes.exec(lab.client, [
          "curl",
          "-s",
          "-o",
          "/dev/null",
          "--max-time",
          "40",
          "-w",
          "%header{x-served-by} %{num_connects}\\n",
          url,
        ]);
        const lines = stdout.trim().split("\n").filter(Boolean);
        if (code !== 0 || lines.length < lab.kept) {
          throw new Error(
            `The pod ${lab.client} got ${lines.length} of ${lab.kept} answers (${stderr.trim() || `curl ended with ${code}`}). Is the Service answering?`,
          );
        }
        const tally = new Map(ready.map((pod) => [pod, 0]));
        let connections = 0;
        for (const line of lines) {
          const [pod = "unknown", opened] = line.split(" ");
          tally.set(pod, (tally.get(pod) ?? 0) + 1);
          connections += Number(opened);
        }
        const served = [...tally.values()].filter((count) => count > 0).length;
        return {
          value: served === 1 ? 0 : 1,
          series: [...tally].map(([label, value]) => ({ label, value })),
          says: `${lab.kept} requests over ${connections} connection${connections === 1 ? "" : "s"}: ${served} of ${ready.length} pods answered them.`,
        };
      },
    },
  }),
});

/** Where an apply that went to the default namespace ended up; nothing where that can't be seen. */
async function astray(cluster: Cluster, name: string): Promise<Evidence[]> {
  const stray = await cluster.get(kinds.Deployment, name, { namespace: "default" }).catch(() => undefined);
  if (!stray) return [];
  return [
    {
      object: `deployment/${name}`,
      path: "metadata.namespace",
      expected: "not in default",
      actual: "default",
      command: `kubectl get deployment ${name} -n default`,
    },
  ];
}
