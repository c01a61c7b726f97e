import { setTimeout as pause } from "node:timers/promises";
import type { V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { check, type Scene } from "../../checkers/core/check.ts";
import { defineLab } from "../../checkers/core/lab.ts";
import { type Cluster, kinds } from "../../checkers/core/port.ts";
import { fail, pass, waiting } from "../../checkers/core/verdict.ts";
import { facts } from "./facts.ts";

type Facts = ReturnType<typeof facts>;
type Pairs = Readonly<Record<string, string>>;

/** Label pairs as kubectl writes them: "app=ml-demo,tier=backend". */
const shown = (pairs: Pairs) =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "(none)";

/** Whether every pair of the selector stands among the labels: that, and nothing else, is selection. */
const selects = (selector: Pairs, labels: Pairs = {}) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

const isReady = (pod: V1Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

/** A time of an object in milliseconds; live objects carry strings, parsed ones dates. */
const at = (time: Date | string | undefined) => (time === undefined ? 0 : new Date(time).getTime());

interface Fleet {
  deployment: V1Deployment;
  sets: V1ReplicaSet[];
  wanted: number;
  /** Pods that the Deployment's ReplicaSets own and that are not on their way out. */
  pods: V1Pod[];
  ready: V1Pod[];
  /** Why it is too early to judge, or undefined when what runs is what is wanted. */
  unsettled: string | undefined;
}

/** The Deployment and the pods it owns by way of its ReplicaSets, or undefined when it is not there. */
const fleet = async (cluster: Cluster, name: string): Promise<Fleet | undefined> => {
  const [deployment, sets, all] = await Promise.all([
    cluster.get(kinds.Deployment, name),
    cluster.list(kinds.ReplicaSet),
    cluster.list(kinds.Pod),
  ]);
  if (!deployment) return undefined;
  const owned = (by: readonly (string | undefined)[], uids: { uid: string }[] = []) =>
    uids.some(({ uid }) => by.includes(uid));
  const own = sets.filter((set) => owned([deployment.metadata?.uid], set.metadata?.ownerReferences));
  const ids = own.map((set) => set.metadata?.uid);
  const mine = all.filter((pod) => owned(ids, pod.metadata?.ownerReferences));
  const pods = mine.filter((pod) => !pod.metadata?.deletionTimestamp);
  const ready = pods.filter(isReady);
  const wanted = deployment.spec?.replicas ?? 1;
  const behind = (deployment.status?.observedGeneration ?? 0) < (deployment.metadata?.generation ?? 0);
  const unsettled = behind
    ? `deployment/${name} was just changed`
    : ready.length !== wanted || pods.length !== wanted || mine.length !== pods.length
      ? `deployment/${name} wants ${wanted} pods; ${ready.length} are Ready, ${mine.length - ready.length} starting or stopping`
      : undefined;
  return { deployment, sets: own, wanted, pods, ready, unsettled };
};

/** Names of the pods that the Service's EndpointSlices list as ready. */
const endpoints = async (cluster: Cluster, service: string) => {
  const slices = await cluster.list(kinds.EndpointSlice, { labels: { "kubernetes.io/service-name": service } });
  return slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef, addresses }) => targetRef?.name ?? addresses[0] ?? "?");
};

const named = (pods: V1Pod[]) => pods.map((pod) => pod.metadata?.name ?? "?");

/** The code in what the learner typed: capitals, the hyphen, quotes, spaces and words around it do not matter. */
const plain = (text = "") => {
  const [, first, second] = /\b([0-9A-Z]{4})[-\s]?([0-9A-Z]{4})\b/i.exec(text) ?? [];
  return first && second ? `${first}-${second}`.toUpperCase() : text.trim();
};

const insideCodes = async ({ cluster, probes }: Scene, f: Facts) => {
  const { ready } = (await fleet(cluster, f.deployment)) ?? { ready: [] };
  return Promise.all(
    named(ready).map(async (pod) => {
      const { code, stdout, stderr } = await probes.exec(pod, ["cat", f.insidePath]);
      if (code !== 0) throw new Error(`cat ${f.insidePath} in pod/${pod} ended with ${code}: ${stderr.trim()}`);
      return plain(stdout);
    }),
  );
};
const portCodes = async ({ cluster, probes }: Scene, f: Facts) => {
  const { ready } = (await fleet(cluster, f.deployment)) ?? { ready: [] };
  return Promise.all(
    named(ready).map(async (pod) => {
      const { status, body } = await probes.podGet(pod, f.adminPort, f.codePath);
      if (status !== 200) throw new Error(`GET ${f.codePath} on port ${f.adminPort} of pod/${pod} answered ${status}`);
      return plain(body);
    }),
  );
};

const numbers = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
/** The count in "3", "3 nodes" or "three"; -1 where there is none. */
const count = (text: string) => {
  const digits = /\d+/.exec(text);
  return digits ? Number(digits[0]) : numbers.indexOf(/[a-z]+/.exec(text.toLowerCase())?.[0] ?? "");
};

/** Milliseconds between two looks of an experiment. */
const beat = 200;

/** A Deployment's first ReplicaSet is there within this time, in seconds. */
const secondsToStart = 3;

/** How many requests for `route` the pod itself has counted, answered with 200. */
const counted = async ({ probes }: Scene, f: Facts, pod: string, route: string) => {
  const { status, body } = await probes.podGet(pod, f.containerPort, "/metrics");
  if (status !== 200) throw new Error(`pod/${pod} did not give its counters (HTTP ${status}). Try again in a moment.`);
  return body
    .split("\n")
    .filter((line) => line.startsWith("http_requests_total{") && line.includes(`route="${route}"`))
    .filter((line) => line.includes('status="200"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
};

/** Requests that "service-answers" sends. With 5 pods behind the Service and kube-proxy choosing at random, the chance that one of
 * them stays silent by luck is at most 5 x (4/5)^60 = 0.0008 %; with 2 pods it is 2 x (1/2)^60. */
const requests = 60;

export default defineLab({
  title: "The cluster and kubectl",
  summary: "Find your way in a cluster, and find out why a Service answers nobody",
  week: 1,
  minutes: 50,
  domain: "operate",
  requires: { clusterRead: true },
  startsIn: "default",
  answers: {
    nodes: { label: "Number of Ready nodes" },
    inside: { label: "Code from inside the container" },
    port: { label: "Code from the admin port" },
  },
  facts,
  checks: (f) => ({
    /*
     * Right: get nodes; describe nodes; a jsonpath over the Ready conditions; "3", "3 nodes", "three".
     * Wrong: the workers only; the number of pods; nothing entered.
     */
    "nodes-ready": check({
      title: "You know how many nodes are Ready",
      points: 1,
      mode: "observe",
      within: "60s",
      evidence: "state",
      why: "A node is a machine with a kubelet on it. The kubelet reports every few seconds; when the reports stop for about 50 seconds, the node controller sets the node's Ready condition to Unknown, and after five more minutes its pods are replaced elsewhere. The control plane's node counts too: it runs a kubelet like any other, and only a taint keeps your pods off it.",
      failures: {
        "none-entered": {
          says: "No number has been entered yet.",
          hints: [
            "kubectl get names any kind of object. Nodes are one.",
            "kubectl get nodes prints a line per node. Count those whose STATUS column says Ready, and enter the number under the task.",
          ],
          untouched: true,
        },
        "workers-only": {
          says: "That is the number of nodes without the control plane; its machine is a node as well.",
          hints: [
            "Look at the ROLES column of kubectl get nodes: what does it say for the node you left out, and what does STATUS say?",
            "The question is which nodes are Ready, whatever their role: a control-plane node has a kubelet, a STATUS and pods of its own.",
          ],
        },
        "wrong-count": {
          says: "The number entered is not the number of nodes that are Ready.",
          hints: [
            "Pods, namespaces and nodes are different lists. Which one did you count?",
            "kubectl get nodes prints a heading and then one line per node. Count the lines whose STATUS is Ready.",
          ],
        },
      },
      async observe({ cluster, learner }) {
        const nodes = await cluster.list(kinds.Node);
        const asleep = nodes.filter(
          (node) => !node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
        );
        const command = "kubectl get nodes";
        if (asleep.length > 0) {
          return waiting(`${asleep.map((node) => `node/${node.metadata?.name}`).join(", ")} is not Ready`, {
            object: `node/${asleep[0]?.metadata?.name}`,
            path: "status.conditions[Ready]",
            expected: "True",
            actual: "not True",
            command,
          });
        }
        const entered = await learner.answer("nodes");
        const evidence = { object: "nodes", path: "Ready", expected: "the number of Ready nodes", command };
        if (!entered) return fail("none-entered", { ...evidence, actual: "nothing entered" });
        const workers = nodes.filter(
          ({ metadata }) => metadata?.labels?.["node-role.kubernetes.io/control-plane"] === undefined,
        );
        const said = { ...evidence, actual: `entered: ${entered.slice(0, 40)}` };
        if (count(entered) === nodes.length) {
          return pass({ ...evidence, expected: `${nodes.length}`, actual: entered.slice(0, 40) });
        }
        return fail(count(entered) === workers.length ? "workers-only" : "wrong-count", said);
      },
    }),

    /*
     * Right: set-context --current --namespace; config set contexts.NAME.namespace; a context of one's own, then use-context.
     * Wrong: -n on every command; set-context NAME without use-context (a new context nobody uses); another namespace.
     */
    "context-namespace": check({
      title: `Your context's namespace is ${f.namespace}`,
      points: 1,
      mode: "observe",
      within: "10s",
      evidence: "state",
      why: "A context is three names in a file: a cluster, a user and a namespace. kubectl sends the namespace along whenever you give none, and no check anywhere asks whether it is the one you meant. That is why people who work on several clusters put the context in their prompt, and scripts always say --context and -n.",
      failures: {
        "still-default": {
          says: "Without -n, your commands still go to the namespace default.",
          hints: [
            "kubectl config get-contexts marks the current context with a star; its last column is the namespace. Empty means default.",
            "kubectl config set-context can change a context. Mind which one: without --current it makes or changes the context you name, and goes on using the old one.",
            "The option you need is --namespace: kubectl config set-context --current --namespace=…",
          ],
          untouched: true,
        },
        elsewhere: {
          says: "Your context names a namespace, but not the one of this lab.",
          hints: [
            "Compare the last column of kubectl config get-contexts with the namespace named in the task, letter by letter.",
            "Give kubectl config set-context --current the namespace from the task. kubectl takes any name here, also of a namespace that does not exist.",
          ],
        },
      },
      async observe({ learner, namespace }) {
        const actual = await learner.currentNamespace();
        const evidence = {
          object: "kubeconfig",
          path: "namespace of the current context",
          expected: namespace,
          actual,
          command: "kubectl config get-contexts",
        };
        if (actual === namespace) return pass(evidence);
        return fail(actual === "default" ? "still-default" : "elsewhere", evidence);
      },
    }),

    /*
     * A pod younger than the end of the last rollout was made for no other reason than that one was missing.
     * Right: delete a pod; delete all of them; evict or drain; scale to 0 and back; delete the ReplicaSet with its pods.
     * Wrong: end the process (the container restarts, the pod stays); rollout restart (a changed template, not a missing pod);
     * leave the Deployment at another number; delete the Deployment.
     */
    "pod-replaced": check({
      title: `A pod of ${f.deployment} has been replaced`,
      points: 3,
      mode: "observe",
      within: "90s",
      evidence: "state",
      why: `You removed a pod and asked for nothing; the ReplicaSet compared ${f.replicas} wanted with ${f.replicas - 1} found and made one. It does so whatever the cause: a deletion, a dead node, a slip of the fingers. Controllers keep no list of things to do; they look and compare. That is why they survive their own restarts and missed messages.`,
      failures: {
        never: {
          says: "All pods are those of the first rollout; none has been replaced yet.",
          hints: [
            "The Deployment only makes a pod when one is missing. Who could make one go missing?",
            "kubectl get pods shows their names; kubectl delete takes a kind and a name.",
            `kubectl delete pod with one of the names that start with ${f.deployment}. Then look at AGE in kubectl get pods.`,
          ],
          untouched: true,
        },
        restarted: {
          says: "A container was restarted inside its pod, but the pod is the same: same name, same address, same age.",
          hints: [
            "RESTARTS counts what the kubelet did inside a pod. This task is about the pod as a whole.",
            "What has to disappear is the Pod object. kubectl has a verb for that.",
            "kubectl delete pod NAME, and watch the list: kubectl get pods --watch",
          ],
        },
        "rolled-out": {
          says: "These pods come from a rollout: the pod template changed and the Deployment exchanged them. None has gone missing and been made up for since.",
          hints: [
            "kubectl rollout restart, kubectl set image and edits of the template make new pods on request. Here the point is what happens without one.",
            "Take a pod away now, after the rollout is done, and change nothing else.",
          ],
        },
        resized: {
          says: "The Deployment wants another number of pods than the task asks for, so what you see is a new wish and not a repaired one.",
          hints: [
            "Compare READY in kubectl get deployment with the number in the task.",
            "kubectl scale deployment takes --replicas. Set it back to the number in the task, then delete a pod and leave the number alone.",
          ],
        },
        "no-deployment": {
          says: "The Deployment is gone, and with it the wish: nobody is left to make pods.",
          hints: [
            "Deleting a Deployment deletes its ReplicaSets and their pods too (garbage collection follows ownerReferences). Deleting one pod was enough.",
            "Reset the lab to get the Deployment back: the button in the workbench, or ./workbook reset 01. Then delete a pod only.",
          ],
        },
      },
      async observe({ cluster }) {
        const seen = await fleet(cluster, f.deployment);
        const object = `deployment/${f.deployment}`;
        const command = `kubectl get deployment,replicaset,pods -l app=${f.app}`;
        if (!seen) return fail("no-deployment", { object, expected: "present", actual: "not found", command });
        const { deployment, sets, wanted, pods, unsettled } = seen;
        if (wanted !== f.replicas) {
          return fail("resized", {
            object,
            path: "spec.replicas",
            expected: `${f.replicas}`,
            actual: `${wanted}`,
            command,
          });
        }
        const done = deployment.status?.conditions?.find(
          ({ type, reason }) => type === "Progressing" && reason === "NewReplicaSetAvailable",
        );
        if (unsettled || !done) return waiting(unsettled ?? `the rollout of ${object} is in progress`);
        const rolledOut = at(done.lastUpdateTime);
        const younger = pods.filter((pod) => at(pod.metadata?.creationTimestamp) > rolledOut);
        const time = (moment: number) => `${new Date(moment).toISOString().slice(11, 19)} UTC`;
        const evidence = {
          object: `pods of ${object}`,
          path: "metadata.creationTimestamp",
          expected: `one made after the rollout ended (${time(rolledOut)})`,
          actual: pods
            .map((pod) => `${pod.metadata?.name} ${time(at(pod.metadata?.creationTimestamp))}`)
            .sort()
            .join(", "),
          command: "kubectl get pods --sort-by=.metadata.creationTimestamp",
        };
        const revision = deployment.metadata?.annotations?.["deployment.kubernetes.io/revision"] ?? "1";
        // The first revision's ReplicaSet is made with the Deployment. A later one stands in for one that was deleted with its pods.
        const born = at(deployment.metadata?.creationTimestamp) + secondsToStart * 1000;
        const remade =
          revision === "1" && sets.length > 0 && sets.every((set) => at(set.metadata?.creationTimestamp) > born);
        if (younger.length > 0 || remade) return pass(evidence);
        if (pods.some((pod) => pod.status?.containerStatuses?.some(({ restartCount }) => restartCount > 0))) {
          return fail("restarted", evidence);
        }
        return fail(revision === "1" ? "never" : "rolled-out", evidence);
      },
    }),

    /*
     * Right: change or drop the pair in the selector (patch, set selector, edit, apply); recreate the Service (expose);
     * give the pod template the label the selector asks for.
     * Wrong: label the running pods by hand (lost with the next replacement); write the endpoints by hand; a second Service
     * under another name; no pods left to select.
     */
    "service-selects": check({
      title: `Service ${f.service} selects the pods of ${f.deployment}, now and after each replacement`,
      points: 2,
      mode: "observe",
      within: "60s",
      evidence: "state",
      why: "A Service knows no Deployment and no pod names, only labels. The endpoint controller keeps asking which Ready pods carry every pair of the selector, and writes their addresses into EndpointSlices. Because your fix holds for the template, every future pod is found as well, without anyone touching the Service again.",
      failures: {
        misses: {
          says: "The Service's selector finds none of the Deployment's pods, so there is no one to send requests to.",
          hints: [
            "Put the two lists next to each other: kubectl describe service for the Selector, kubectl get pods --show-labels for the labels.",
            "A pod is selected only when it carries every pair of the selector. Which pair does no pod carry?",
            "Either side may give way: the selector (kubectl set selector, kubectl edit service) or the labels in the Deployment's pod template. Labels put on the pods themselves are gone with the next replacement.",
          ],
        },
        "pods-only": {
          says: "The pods running now carry the label, but the Deployment's pod template does not: the next replacement will not be found.",
          hints: [
            "Delete one pod and look at kubectl get pods --show-labels: what does the new one carry?",
            "Pods are stamped from spec.template of the Deployment. Labels that should last belong there, or the selector asks for too much.",
          ],
        },
        "no-selector": {
          says: "The Service has no selector. Endpoints written by hand hold addresses, and addresses end with their pods.",
          hints: [
            "Without a selector Kubernetes leaves the EndpointSlices alone. That is meant for things outside the cluster, such as a database elsewhere.",
            "Give the Service a selector again: kubectl set selector service NAME KEY=VALUE, with a pair that the pod template carries.",
          ],
        },
        "no-service": {
          says: `There is no Service named ${f.service} any more, so the name that clients call leads nowhere.`,
          hints: [
            "kubectl get services lists what there is. Clients know one name; a Service under another name does not help them.",
            `kubectl expose deployment can make a Service for a Deployment; it takes --name, --port and --target-port. The name must be ${f.service}.`,
          ],
        },
        "no-pods": {
          says: "The Deployment is not there or wants no pods: even the right selector finds nothing.",
          hints: [
            "The ladder's first rung: is anything running? kubectl get deployments",
            `kubectl scale deployment ${f.deployment} --replicas=${f.replicas}; if the Deployment itself is gone, reset the lab.`,
          ],
        },
      },
      async observe({ cluster }) {
        const [service, seen, listed] = await Promise.all([
          cluster.get(kinds.Service, f.service),
          fleet(cluster, f.deployment),
          endpoints(cluster, f.service),
        ]);
        const object = `service/${f.service}`;
        if (!service) {
          return fail("no-service", {
            object,
            expected: "present",
            actual: "not found",
            command: "kubectl get services",
          });
        }
        if (!seen || seen.wanted === 0) {
          return fail("no-pods", {
            object: `deployment/${f.deployment}`,
            path: "spec.replicas",
            expected: `${f.replicas}`,
            actual: seen ? "0" : "no such Deployment",
            command: "kubectl get deployments",
          });
        }
        const selector = service.spec?.selector ?? {};
        const command = `kubectl describe service ${f.service}`;
        if (Object.keys(selector).length === 0) {
          return fail("no-selector", {
            object,
            path: "spec.selector",
            expected: "pairs that the pod template carries",
            actual: "(none)",
            command,
          });
        }
        const found = seen.pods.filter((pod) => selects(selector, pod.metadata?.labels));
        const stamped = seen.deployment.spec?.template.metadata?.labels ?? {};
        if (!selects(selector, stamped)) {
          return found.length > 0
            ? fail("pods-only", {
                object: `deployment/${f.deployment}`,
                path: "spec.template.metadata.labels",
                expected: `every pair of the selector ${shown(selector)}`,
                actual: shown(stamped),
                command: `kubectl get deployment ${f.deployment} -o jsonpath={.spec.template.metadata.labels}`,
              })
            : fail("misses", {
                object,
                path: "spec.selector",
                expected: "only pairs that the pods carry",
                actual: `${shown(selector)} (carried by 0 of ${seen.pods.length} pods)`,
                command: "kubectl get pods --show-labels",
              });
        }
        const missing = named(seen.ready).filter((name) => !listed.includes(name));
        const evidence = {
          object: `endpointslices of ${object}`,
          path: "endpoints[].targetRef.name",
          expected: named(seen.ready).sort().join(", "),
          actual: listed.sort().join(", ") || "(none)",
          command: `kubectl get endpointslices -l kubernetes.io/service-name=${f.service}`,
        };
        if (seen.unsettled) return waiting(seen.unsettled, evidence);
        return missing.length > 0 ? waiting("the EndpointSlice is about to be written", evidence) : pass(evidence);
      },
    }),

    /*
     * Right: any repair of the selector; a recreated Service; targetPort by number or by name.
     * Wrong: expose without --target-port (endpoints, but a port nobody listens on); the admin port; one labelled pod;
     * a stray pod that happens to fit the selector; another Service name.
     */
    "service-answers": check({
      title: `http://${f.service} answers, from every pod of ${f.deployment}`,
      points: 3,
      mode: "sample",
      within: "90s",
      evidence: "state",
      why: `The name led to the Service's address, the address to one of the endpoints, and the endpoint to a process that listens on ${f.containerPort}. Each new connection was dealt at random, so the shares are near each other but not equal. Nothing but a request proves all rungs of the ladder at once; that is why this check sends ${requests} and reads who answered, and does not read your YAML.`,
      failures: {
        "no-service": {
          says: `There is no Service named ${f.service}, so the name cannot be resolved.`,
          hints: [
            "kubectl get services: the name the client calls must be in that list.",
            `Make it again: kubectl expose deployment ${f.deployment} with --name, --port and --target-port.`,
          ],
        },
        "no-endpoints": {
          says: "The Service exists but has no endpoints: connections are refused before they reach any pod.",
          hints: [
            "Climb the ladder: running? ready? selected? The first rung that does not hold is where to work.",
            `kubectl get endpointslices -l kubernetes.io/service-name=${f.service} shows whom the Service has found. If there is no one, it is about labels, not about the network.`,
            "Compare the Selector in kubectl describe service with kubectl get pods --show-labels, pair by pair.",
          ],
        },
        refused: {
          says: `The Service has endpoints, but a request to its port ${f.port} gets no answer: the last rung, routed, does not hold.`,
          hints: [
            "Two ports are involved: the one clients use (port) and the one the container listens on (targetPort). kubectl describe service shows both.",
            `kubectl logs deployment/${f.deployment} says which port the process listens on. The endpoints must have that one.`,
            `port ${f.port} and targetPort ${f.containerPort}: kubectl edit service, or delete the Service and expose the Deployment with both given.`,
          ],
        },
        "not-ok": {
          says: "Something answers, but not with 200: requests reach a port of the pod that serves something else.",
          hints: [
            `Run curl -i from the ${f.client} pod and read the status line and the body: who is speaking?`,
            "The containers listen on more than one port. Which one does targetPort lead to?",
          ],
        },
        stranger: {
          says: "A pod that does not belong to the Deployment answers too: it happens to carry the labels the Service asks for.",
          hints: [
            "A Service takes every pod whose labels fit, whoever made it. kubectl get pods --show-labels shows all of them.",
            "Delete the extra pod, or take the label off it (kubectl label pod NAME KEY-), or choose a selector that it does not fit.",
          ],
        },
        "not-all": {
          says: "Requests are answered, but at least one Ready pod of the Deployment never gets any.",
          hints: [
            "Which pods are in the EndpointSlice, and which are running? The difference is what to explain.",
            "Compare the labels of the pod that answers with those of the one that does not: kubectl get pods --show-labels",
          ],
        },
      },
      async observe({ cluster, probes }) {
        const [service, seen, listed] = await Promise.all([
          cluster.get(kinds.Service, f.service),
          fleet(cluster, f.deployment),
          endpoints(cluster, f.service),
        ]);
        const object = `service/${f.service}`;
        const command = `kubectl exec ${f.client} -- curl -si --max-time 3 http://${f.service}/predict`;
        if (!service) {
          return fail("no-service", {
            object,
            expected: "present",
            actual: "not found",
            command: "kubectl get services",
          });
        }
        if (seen?.unsettled) return waiting(`${seen.unsettled}; requests are counted when that is over`);
        if (listed.length === 0) {
          return fail("no-endpoints", {
            object,
            path: "endpoints",
            expected: `${f.replicas}`,
            actual: "0",
            command: `kubectl get endpointslices -l kubernetes.io/service-name=${f.service}`,
          });
        }
        const sample = await probes.traffic({ service: f.service, port: f.port, path: "/predict", n: requests });
        const silent = sample.statuses["0"] ?? 0;
        const fine = sample.statuses["200"] ?? 0;
        const mine = named(seen?.ready ?? []).sort();
        const by = Object.entries(sample.pods)
          .map(([pod, answered]) => `${pod}: ${answered}`)
          .sort()
          .join(", ");
        const evidence = {
          object,
          path: `${sample.sent} requests to http://${f.service}:${f.port}/predict, answered by`,
          expected: mine.join(", ") || `pods of deployment/${f.deployment}`,
          actual: by || `nobody (${sample.firstError ?? "no answer"})`,
          command,
        };
        if (silent === sample.sent) return fail("refused", evidence);
        const strangers = [...Object.keys(sample.pods), ...listed].filter((pod) => !mine.includes(pod));
        if (fine < sample.sent) {
          const statuses = Object.entries(sample.statuses).map(([status, times]) => `${status}: ${times}`);
          const counted = { ...evidence, path: "HTTP statuses", expected: `200: ${sample.sent}` };
          const actual = statuses.join(", ");
          return fail(listed.some((pod) => !mine.includes(pod)) ? "stranger" : silent > 0 ? "refused" : "not-ok", {
            ...counted,
            actual,
          });
        }
        if (strangers.length > 0) return fail("stranger", evidence);
        if (mine.some((pod) => !sample.pods[pod])) return fail("not-all", evidence);
        return pass(evidence);
      },
    }),

    /*
     * Right: exec POD -- cat; exec deploy/NAME -- cat; a shell inside; kubectl cp.
     * Wrong: the other task's code; the code of a pod that is gone; the file's name or anything else.
     */
    "inside-code": check({
      title: "The code that only the container's inside shows",
      points: 2,
      mode: "sample",
      within: "60s",
      evidence: "state",
      why: "kubectl exec starts one more process next to the one that serves: same file system, same network, same limits. It goes through the API server and the kubelet, so it needs no port, no SSH and no password, only the right to create pods/exec; whoever has that right can read every file and secret the container has. Production clusters grant it sparingly and record its use.",
      failures: {
        "none-entered": {
          says: "No code has been entered yet.",
          hints: [
            `The code is in the file ${f.insidePath} in each container of ${f.deployment}. You need a command that runs in there.`,
            "kubectl exec runs a command in a container; what comes after -- is that command.",
            `kubectl exec deployment/${f.deployment} -- cat and the file's path.`,
          ],
          untouched: true,
        },
        swapped: {
          says: "That is the code from the admin port; this one is in a file inside the container.",
          hints: [
            "Two answers, two ways in. Which command gave you this one?",
            `Read ${f.insidePath} with kubectl exec and enter what it prints here.`,
          ],
        },
        wrong: {
          says: "No running pod of the Deployment has this code in its file.",
          hints: [
            "Each namespace has codes of its own. Which namespace were you in when you read it, and in which pod?",
            `Read ${f.insidePath} again, in a pod of ${f.deployment}, and copy the whole line.`,
          ],
        },
      },
      async observe(scene) {
        const entered = plain(await scene.learner.answer("inside"));
        const evidence = {
          object: `pods of deployment/${f.deployment}`,
          path: f.insidePath,
          expected: "the code in that file",
          command: `kubectl exec deployment/${f.deployment} -- ls -l ${f.insidePath}`,
        };
        if (entered === "") return fail("none-entered", { ...evidence, actual: "nothing entered" });
        const actual = `entered: ${entered.slice(0, 60)}`;
        const codes = await insideCodes(scene, f);
        if (codes.length === 0) return waiting(`no pod of deployment/${f.deployment} is Ready`);
        if (codes.includes(entered)) return pass({ ...evidence, expected: entered, actual: entered });
        const swapped = (await portCodes(scene, f)).includes(entered);
        return fail(swapped ? "swapped" : "wrong", { ...evidence, actual });
      },
    }),

    /*
     * Right: port-forward and curl; the API server's pod proxy (kubectl get --raw); curl from inside the cluster.
     * Wrong: the other task's code; the answer of port 5000; nothing.
     */
    "port-code": check({
      title: `The code that only port ${f.adminPort} tells`,
      points: 2,
      mode: "sample",
      within: "60s",
      evidence: "state",
      why: "kubectl port-forward opens a port on your machine and carries its bytes through the API server to one pod. The port needs no Service, no Ingress and no entry under ports: in the manifest; that list documents, it opens nothing. So admin ports stay off every Service and are still within reach of those who may create pods/portforward.",
      failures: {
        "none-entered": {
          says: "No code has been entered yet.",
          hints: [
            `The Service leads to ${f.containerPort}; this code is told on ${f.adminPort}, where no Service leads.`,
            "kubectl port-forward joins a port of your machine to a port of one pod. It runs until Ctrl-C, so use a second terminal for curl, or end the command with &.",
            `kubectl port-forward deployment/${f.deployment} ${f.localPort}:${f.adminPort}, then curl http://localhost:${f.localPort}${f.codePath} in a second terminal.`,
          ],
          untouched: true,
        },
        swapped: {
          says: "That is the code from the file inside the container; this one is told over HTTP.",
          hints: [
            "Two answers, two ways in. Which command gave you this one?",
            `Forward a port to ${f.adminPort} of a pod and ask it for ${f.codePath}.`,
          ],
        },
        wrong: {
          says: `No running pod of the Deployment tells this code on port ${f.adminPort}.`,
          hints: [
            `Did the answer come from ${f.adminPort}, or from the port that serves predictions? The number after the colon in port-forward is the pod's.`,
            `Start the port-forward again, to ${f.adminPort} of a pod of ${f.deployment}, ask for ${f.codePath} and copy the whole line.`,
          ],
        },
      },
      async observe(scene) {
        const entered = plain(await scene.learner.answer("port"));
        const evidence = {
          object: `pods of deployment/${f.deployment}`,
          path: `GET :${f.adminPort}${f.codePath}`,
          expected: "the code told there",
          command: `kubectl port-forward deployment/${f.deployment} ${f.localPort}:${f.adminPort}`,
        };
        if (entered === "") return fail("none-entered", { ...evidence, actual: "nothing entered" });
        const actual = `entered: ${entered.slice(0, 60)}`;
        const codes = await portCodes(scene, f);
        if (codes.length === 0) return waiting(`no pod of deployment/${f.deployment} is Ready`);
        if (codes.includes(entered)) return pass({ ...evidence, expected: entered, actual: entered });
        const swapped = (await insideCodes(scene, f)).includes(entered);
        return fail(swapped ? "swapped" : "wrong", { ...evidence, actual });
      },
    }),
  }),
  experiments: (f) => ({
    /** Ends the process of one pod and watches what Kubernetes does about it. */
    "end-the-process": {
      within: "60s",
      async measure({ cluster, probes, signal }) {
        const before = (await fleet(cluster, f.deployment))?.ready[0];
        const pod = before?.metadata?.name;
        if (!before || !pod)
          throw new Error(`No pod of deployment/${f.deployment} is Ready. Mend that first, then run it again.`);
        const restarts = (one: V1Pod | undefined) => one?.status?.containerStatuses?.[0]?.restartCount ?? 0;
        const began = performance.now();
        // The exec may break off: it runs in the container that it ends.
        await probes.exec(pod, ["sh", "-c", "kill 1"]).catch(() => undefined);
        for (;;) {
          const after = await cluster.get(kinds.Pod, pod);
          const replaced = after?.metadata?.uid !== before.metadata?.uid;
          if (replaced || (restarts(after) > restarts(before) && after && isReady(after))) {
            const seconds = Math.round((performance.now() - began) / 100) / 10;
            const sameAddress = after?.status?.podIP === before.status?.podIP;
            return {
              value: replaced ? 0 : sameAddress ? 1 : 2,
              series: [
                { label: "new pods", value: replaced ? 1 : 0 },
                { label: "restarts of the container", value: restarts(after) - restarts(before) },
                { label: "seconds until Ready again", value: seconds },
              ],
              says: replaced
                ? `n = 1: the process of pod/${pod} was ended, and the pod was replaced.`
                : `n = 1: after ${seconds} s pod/${pod} is Ready again, with the same name, ${sameAddress ? "the same address" : "another address"} and RESTARTS up by ${restarts(after) - restarts(before)}.`,
            };
          }
          await pause(beat, undefined, { signal });
        }
      },
    },
    /** Reads from the pods' own counters who got the requests that the learner sent through port-forward. */
    "forwarded-share": {
      within: "30s",
      async measure(scene) {
        const ready = named((await fleet(scene.cluster, f.deployment))?.ready ?? []).sort();
        if (ready.length < 2) {
          throw new Error(
            `Only ${ready.length} pod of deployment/${f.deployment} is Ready; with one, there is no share to measure.`,
          );
        }
        const counts = await Promise.all(ready.map((pod) => counted(scene, f, pod, f.forwardedPath)));
        const total = counts.reduce((sum, one) => sum + one, 0);
        if (total < f.forwarded) {
          throw new Error(
            `The pods have counted ${total} requests for ${f.forwardedPath}, and ${f.forwarded} are needed. Run the loop under the question first, through port-forward.`,
          );
        }
        return {
          value: Math.round((100 * Math.max(...counts)) / total),
          series: ready.map((pod, index) => ({ label: pod, value: counts[index] ?? 0 })),
          says: `n = ${total} requests for ${f.forwardedPath}, as counted by the ${ready.length} pods themselves.`,
        };
      },
    },
  }),
});
