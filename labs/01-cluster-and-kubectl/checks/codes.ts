import { check, type Scene } from "../../../checkers/core/check.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { brokenFailure, fleet, named } from "../reading.ts";

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

/** No pod to compare with: on its way, or in need of help. */
const nobodyReady = async ({ cluster }: Scene, f: Facts) => {
  const seen = await fleet(cluster, f.deployment);
  if (seen?.unsettled && !seen.trouble) return waiting(`no pod of deployment/${f.deployment} is Ready yet`);
  return fail(
    "broken",
    seen?.trouble ?? {
      object: `deployment/${f.deployment}`,
      path: "Ready pods",
      expected: "at least 1",
      actual: seen ? "0, and none is wanted" : "there is no such Deployment",
      command: "kubectl get deployments",
    },
  );
};

/**
 * Right: exec POD -- cat; exec deploy/NAME -- cat; a shell inside; kubectl cp.
 * Wrong: the other task's code; the file's name or anything else; nothing.
 */
export const insideCode = (f: Facts) =>
  check({
    title: "The code that only the container's inside shows",
    points: 2,
    mode: "sample",
    within: "60s",
    alone: false,
    evidence: "state",
    why: "kubectl exec starts one more process next to the one that serves: same file system, same network, same limits. It goes through the API server and the kubelet, so it needs no port, no SSH and no password, only the permission for pods/exec; whoever has it can read every file and secret the container has. Production clusters grant it sparingly and record its use.",
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
      broken: brokenFailure(f.deployment),
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
      if (codes.length === 0) return nobodyReady(scene, f);
      if (codes.includes(entered)) return pass({ ...evidence, expected: entered, actual: entered });
      const swapped = (await portCodes(scene, f)).includes(entered);
      return fail(swapped ? "swapped" : "wrong", { ...evidence, actual });
    },
  });

/**
 * Right: port-forward and curl; the API server's pod proxy (kubectl get --raw); curl from inside the cluster.
 * Wrong: the other task's code; the answer of the port that serves predictions; nothing.
 */
export const portCode = (f: Facts) =>
  check({
    title: `The code that only port ${f.adminPort} tells`,
    points: 2,
    mode: "sample",
    within: "60s",
    alone: false,
    evidence: "state",
    why: "kubectl port-forward opens a port on your machine and carries its bytes through the API server to one pod. The port needs no Service, no Ingress and no entry under ports: in the manifest; that list documents, it opens nothing. So admin ports stay off every Service and are still within reach of those who have the permission for pods/portforward.",
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
      broken: brokenFailure(f.deployment),
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
      if (codes.length === 0) return nobodyReady(scene, f);
      if (codes.includes(entered)) return pass({ ...evidence, expected: entered, actual: entered });
      const swapped = (await insideCodes(scene, f)).includes(entered);
      return fail(swapped ? "swapped" : "wrong", { ...evidence, actual });
    },
  });
