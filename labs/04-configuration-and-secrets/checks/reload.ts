import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { change, nudge, toldBy, untilSaid } from "./live-change.ts";
import { fleet, listed, mainContainer, nameOf, notFound } from "./reading.ts";

/** Milliseconds a change gets after the kubelet was nudged. Without that it takes up to two minutes. */
const limit = 30_000;

/** Mounts of a ConfigMap in this container: where, and whether as a single file that is never written again. */
function mountsOf(
  pod: V1Pod,
  container: V1Container | undefined,
  configMap: string,
): { path: string; single: boolean }[] {
  const volumes = (pod.spec?.volumes ?? [])
    .filter(
      (volume) =>
        volume.configMap?.name === configMap ||
        volume.projected?.sources?.some((one) => one.configMap?.name === configMap),
    )
    .map(({ name }) => name);
  return (container?.volumeMounts ?? [])
    .filter(({ name }) => volumes.includes(name))
    .map(({ mountPath, subPath }) => ({ path: mountPath, single: Boolean(subPath) }));
}

const restartsOf = (pod: V1Pod | undefined): number =>
  (pod?.status?.containerStatuses ?? []).reduce((sum, one) => sum + one.restartCount, 0);

/**
 * Changes BATCH_SIZE in the ConfigMap, waits until the running process has it, and puts it back.
 * Right: the ConfigMap as a folder; a projected volume of both; any folder. Wrong: no mount; subPath; mounted, but the process isn't told where.
 */
export const reload = (lab: Facts): Check =>
  check({
    title: `A change of ${lab.batchKey} in ${lab.mlConfig} reaches the running process`,
    points: 3,
    mode: "disturb",
    within: "90s",
    alone: false,
    evidence: "state",
    why: "The kubelet keeps mounted ConfigMaps up to date: it writes a new folder and swaps one link, so a reader sees the old set or the new one, never half. That changes files, not the process; this program looks at its folder every second. Both halves are needed, and whoever lacks one restarts.",
    failures: {
      "not-mounted": {
        untouched: true,
        says: `The pods have no files from ${lab.mlConfig}: their environment is all they know, and it never changes.`,
        hints: [
          "A ConfigMap can come as files too. A volume makes it available to the pod, a volumeMount puts it somewhere in the container.",
          `volumes: a configMap named ${lab.mlConfig}; volumeMounts: mountPath ${lab.folder}, without subPath.`,
        ],
      },
      "sub-path": {
        says: "The file is mounted with subPath: it is written when the container starts, and never again.",
        hints: [
          "What does the kubelet swap when a ConfigMap changes, a file or a folder? kubectl exec into the pod and ls -la the folder.",
          `Mount the volume as a folder of its own (mountPath: ${lab.folder}) and take subPath out.`,
        ],
      },
      "not-read": {
        says: "The files are in the container, but the process doesn't look at them.",
        hints: [
          `Ask it: kubectl exec ${lab.client} -- curl -s http://${lab.backendService}:${lab.backendPort}/config. What does config_dir say, and where does the value come from?`,
          `This program reads files only from the folder that ${lab.folderKey} names. An env: entry with the mountPath as its value does that.`,
        ],
      },
      "will-not-start": {
        says: "The pods of the present template don't get going, so there is no running process to reach.",
        hints: [
          "The evidence has the kubelet's words; kubectl describe pod has all of them, under Events.",
          `If the program ends at once, kubectl logs --previous, with the name of the pod in the evidence, says why: a folder in ${lab.folderKey} that isn't mounted is one reason.`,
        ],
      },
      restarted: {
        says: "The change arrived, but by way of a restart: other pods, or other processes, answered afterwards.",
        unreachable:
          "it takes a controller that restarts pods when a ConfigMap changes, which this cluster does not have",
        hints: [
          "Something in your namespace restarts pods when a ConfigMap changes. That is a fine way to do it, but this task asks for the other one.",
          "Switch it off for this Deployment and run the check again.",
        ],
      },
      "does-not-arrive": {
        unreachable: "it takes a kubelet that does not update a mounted folder",
        says: "The ConfigMap was changed, and the process didn't get to know within half a minute, although the kubelet was nudged.",
        hints: [
          "Is the file in the container new? kubectl exec POD -- cat, and compare it with the ConfigMap.",
          `Are all pods made from the template with the volume? kubectl rollout status deployment/${lab.backend} says whether the rollout is through.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes } = scene;
      const map = await cluster.get(kinds.ConfigMap, lab.mlConfig);
      if (!map) return fail("not-mounted", notFound(`configmap/${lab.mlConfig}`, "kubectl get configmaps"));
      const { ready, moving, trouble } = await fleet(cluster, lab.backend);
      if (trouble) return fail("will-not-start", trouble);
      if (moving) return waiting(moving);
      if (ready.length === 0)
        return fail("will-not-start", notFound(`a ready pod of ${lab.backend}`, "kubectl get pods"));
      for (const pod of ready) {
        const name = nameOf(pod);
        const mounts = mountsOf(pod, mainContainer(pod, lab.backendImage), lab.mlConfig);
        const told = await toldBy(probes, name, lab.backendPort);
        const at: Evidence = {
          object: `pod/${name}`,
          path: "volumeMounts of the ConfigMap",
          expected: `a folder, and ${lab.folderKey} naming it`,
          actual: `${listed(mounts.map(({ path, single }) => (single ? `${path} (subPath)` : path)))}; ${lab.folderKey}: ${told?.config_dir ?? "not set"}`,
          command: `kubectl get pod ${name} -o jsonpath='{.spec.containers[*].volumeMounts}'`,
        };
        if (mounts.length === 0) return fail("not-mounted", at);
        if (mounts.every(({ single }) => single)) return fail("sub-path", at);
        if (told?.settings[lab.batchKey]?.from !== "file") return fail("not-read", at);
      }
      const names = ready.map(nameOf);
      const before = map.data?.[lab.batchKey] ?? "";
      const value = `${Number(before) + 1}`;
      await change(scene, lab.mlConfig, lab.batchKey, value);
      await nudge(scene, names);
      const said = await untilSaid(scene, lab, names, value, limit);
      const evidence: Evidence[] = names.map((name) => ({
        object: `pod/${name}`,
        path: `GET /config: ${lab.batchKey}, after it was changed from ${before} to ${value}`,
        expected: `${value}, from a file`,
        actual: `${said.get(name)?.value ?? "no answer"}, from ${said.get(name)?.from ?? "nowhere"}`,
        command: `kubectl get --raw /api/v1/namespaces/${lab.namespace}/pods/${name}:${lab.backendPort}/proxy/config`,
      }));
      if ([...said.values()].some((one) => `${one?.value}` !== value)) return fail("does-not-arrive", evidence);
      for (const pod of ready) {
        const now = await cluster.get(kinds.Pod, nameOf(pod));
        if (now?.metadata?.uid !== pod.metadata?.uid || restartsOf(now) !== restartsOf(pod))
          return fail("restarted", evidence);
      }
      return pass(evidence);
    },
  });
