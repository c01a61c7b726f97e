import type { V1Deployment } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { listed, notFound, probePatience } from "./reading.ts";

/** ConfigMaps, or keys of one, that the pods mount and that are not there: the kubelet waits for them without end. */
async function missingFiles(cluster: Cluster, deployment: V1Deployment): Promise<Evidence | undefined> {
  for (const { name: volume, configMap } of deployment.spec?.template.spec?.volumes ?? []) {
    if (!configMap?.name || configMap.optional) continue;
    const found = await cluster.get(kinds.ConfigMap, configMap.name);
    const keys = Object.keys({ ...found?.data, ...found?.binaryData });
    const lacking = (configMap.items ?? []).map(({ key }) => key).filter((key) => !keys.includes(key));
    if (found && lacking.length === 0) continue;
    return {
      object: `configmap/${configMap.name}`,
      path: found ? "data" : undefined,
      expected: found ? `key ${listed(lacking)}, which the volume ${volume} names` : `exists, for the volume ${volume}`,
      actual: found ? `keys: ${listed(keys)}` : "not found",
      command: "kubectl describe pod --selector app=api-gateway",
    };
  }
  return undefined;
}

/**
 * Right: a Deployment with the ConfigMap as a file, as a folder or behind nginx -c; more labels; any probe or none.
 * Wrong: the Service's name misspelt in nginx.conf (nginx ends); the ConfigMap forgotten; a probe on the backend's port.
 */
export const gateway = (lab: Facts): Check =>
  check({
    title: `The Deployment ${lab.gateway} has its ${lab.replicas} nginx pods ready`,
    points: 3,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "A gateway is a workload like any other: a Deployment keeps two of it, so that one may die or be replaced. What makes it the gateway is its configuration alone, and that lives in an object of its own.",
    failures: {
      "no-deployment": {
        untouched: true,
        says: `There is no Deployment ${lab.gateway} in this lab's namespace.`,
        hints: [
          `${lab.gateway}.yaml in your folder is half finished. kubectl apply -f ${lab.gateway}.yaml hands it over.`,
          `You applied it, and it isn't listed? kubectl get deployments -A | grep ${lab.gateway} shows where it went. This lab's namespace is ${lab.namespace}.`,
        ],
      },
      "wrong-namespace": {
        unreachable: "it takes a Deployment in the namespace default, which runs that share a cluster leave alone",
        says: `The Deployment ${lab.gateway} is there, but in the namespace default, not in this lab's.`,
        hints: [
          "metadata.namespace in the manifest comes first, -n on the command line next, the context last: kubectl config view --minify | grep namespace",
          `Take namespace: out of the manifest and apply again; remove the stray one with kubectl delete deployment ${lab.gateway} -n default`,
        ],
      },
      "wrong-count": {
        says: "The gateway has another number of pods than the task asks for; with one, its end is the end of all traffic.",
        hints: [
          "Which field of a Deployment says how many?",
          `Set spec.replicas to ${lab.replicas} in ${lab.gateway}.yaml and apply it.`,
        ],
      },
      "other-image": {
        says: "The pods run, but from another image than the gateway's, so what answers isn't this nginx.",
        hints: [
          "Compare the image in the evidence with the one in the task, the tag too.",
          `spec.template.spec.containers: image: ${lab.image}`,
        ],
      },
      "image-pull": {
        says: "The node can't get the image, so nginx never starts.",
        hints: [
          "Read the image's name in the evidence letter by letter, the part after the colon too. No tag means :latest.",
          `The image is ${lab.image}. Correct it and apply: new pods replace the stuck ones.`,
        ],
      },
      "config-missing": {
        says: "The pods mount a ConfigMap, or a key of one, that doesn't exist: the kubelet waits for it, and the container isn't even started.",
        hints: [
          "kubectl get pods says ContainerCreating and nothing more. kubectl describe pod ends with the events: what does MountVolume.SetUp say?",
          `The ConfigMap is ${lab.configMap}. Names must agree in two places: metadata.name of the ConfigMap, and configMap.name under volumes:.`,
          `kubectl create configmap ${lab.configMap} --from-file=${lab.configFile} makes it from the file in your folder.`,
        ],
      },
      "crash-loop": {
        says: "nginx reads its configuration, gives up and ends, again and again.",
        hints: [
          "nginx says why in its last line, with file and line number: kubectl logs deployment/api-gateway --previous",
          "“host not found in upstream” is a name that DNS doesn't know: nginx resolves every upstream when it starts, and without one it doesn't start. “unexpected end of file” is a brace, “unknown directive” a misspelt word or a missing semicolon on the line before.",
          `The upstream is ${lab.backendService}:${lab.backendPort}. Mend the ConfigMap, then restart the pods: kubectl rollout restart deployment/${lab.gateway}`,
        ],
      },
      unschedulable: {
        says: "No node can take the pod: it asks for more than any has left.",
        hints: [
          "The scheduler counts requests, not use: look at resources.requests, and mind the units. cpu: 100m is a tenth of a core, cpu: 100 is a hundred cores.",
          "The file's values fit: requests cpu: 100m, memory: 64Mi.",
        ],
      },
      refused: {
        says: "The API server accepted the Deployment but refuses to create its pods.",
        hints: [
          "The refusal is in the evidence, and in kubectl describe replicaset. Whatever it names must exist, or be allowed, in this namespace.",
          "This lab needs no serviceAccountName and no privileges: take out what you added.",
        ],
      },
      "not-ready": {
        says: "nginx runs, but its probe keeps failing, so the gateway is sent nothing.",
        hints: [
          "The evidence has the kubelet's own words: which port and path did it ask, and what came back?",
          `nginx listens where nginx.conf says (listen ${lab.gatewayPort};), and only a location answers. Port ${lab.backendPort} is the model's, not the gateway's.`,
          `Let the probe ask port ${lab.gatewayPort} for /health.`,
        ],
      },
    },
    async observe({ cluster }) {
      const work = await workload(cluster, lab.gateway);
      if (!work) {
        // Where that can't be seen, it isn't said.
        const stray = await cluster.get(kinds.Deployment, lab.gateway, { namespace: "default" }).catch(() => undefined);
        return stray
          ? fail("wrong-namespace", {
              object: `deployment/${lab.gateway}`,
              path: "metadata.namespace",
              expected: lab.namespace,
              actual: "default",
              command: `kubectl get deployment ${lab.gateway} -n default`,
            })
          : fail("no-deployment", notFound(`deployment/${lab.gateway}`, "kubectl get deployments"));
      }
      const { deployment, newest } = work;
      const want = deployment.spec?.replicas ?? 1;
      const at = { object: `deployment/${lab.gateway}`, command: `kubectl get deployment ${lab.gateway} -o wide` };
      const counted: Evidence = { ...at, path: "spec.replicas", expected: `${lab.replicas}`, actual: `${want}` };
      if (want !== lab.replicas) return fail("wrong-count", counted);
      const refused = refusal(deployment);
      if (refused) return fail("refused", refused);
      const troubles = newest.map(troubleOf).filter((one) => one !== undefined);
      const first = troubles.find(({ kind }) => kind !== "crash-loop");
      if (first) return fail(first.kind, first.evidence);
      const images = (deployment.spec?.template.spec?.containers ?? []).map(({ image }) => image ?? "");
      const imaged: Evidence = {
        ...at,
        path: "spec.template.spec.containers[*].image",
        expected: lab.image,
        actual: listed(images),
      };
      if (!images.includes(lab.image)) return fail("other-image", imaged);
      const moving = unsettled(deployment);
      if (moving) {
        const missing = await missingFiles(cluster, deployment);
        if (missing) return fail("config-missing", missing);
        const events = await cluster.list(kinds.Event);
        const probed = newest.map((pod) => probeFailure(pod, events, Date.now(), probePatience)).find(Boolean);
        if (probed) return fail("not-ready", probed);
      }
      if (troubles[0]) return fail("crash-loop", troubles[0].evidence);
      if (moving) return waiting(moving, counted);
      return pass([
        { ...counted, path: "status.readyReplicas", actual: `${deployment.status?.readyReplicas ?? 0}` },
        imaged,
      ]);
    },
  });
