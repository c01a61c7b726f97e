import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { counted, trafficOnceFollowed } from "../../../../checkers/probes/followed.ts";
import { type Facts, facts } from "./facts.ts";

/** Requests in one sample: that half of them should go to blue and none does happens once in 1e12 samples. */
const n = 40;

const switched = ({ name, blue, green, replicas, port, version }: Facts) =>
  check({
    title: `Every request to ${name} is answered by ${green}, and ${blue} stands by`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "A Service's selector is the switch: one write, and every new connection goes to the other set of pods. The old set costs its room until you are sure, and is worth it.",
    failures: {
      "not-switched": {
        says: "Requests are still answered by blue alone.",
        hints: [
          `First let ${green} be ready, with a label that blue's pods do not have.`,
          "kubectl set selector, kubectl patch or kubectl edit then changes the Service's selector.",
        ],
      },
      mixed: {
        says: "Both versions answer. Blue-green means all at once, or nobody knows which one an error was of.",
        hints: ["The selector must be true of green's pods only. kubectl get pods --show-labels"],
      },
      "no-answer": {
        says: "Not every request was answered with 200.",
        hints: [`kubectl get endpointslices -l kubernetes.io/service-name=${name}: who stands behind the Service now?`],
      },
      "no-way-back": {
        says: `Not both Deployments have ${replicas} ready pods: there is nothing to go back to, or too little to go on with.`,
        hints: [`kubectl get deployments: ${blue} and ${green} both keep ${replicas} replicas.`],
      },
    },
    async observe(scene) {
      const object = `service/${name}`;
      const sample = await trafficOnceFollowed(
        scene,
        { service: name, port, n },
        ({ statuses, versions }) => statuses["200"] === n && versions[version] === n,
      );
      const answers: Evidence = {
        object,
        path: `${n} requests, by version that answered`,
        expected: `${version}: ${n}`,
        actual: counted(sample.versions),
        command: `kubectl get endpointslices -l kubernetes.io/service-name=${name}`,
      };
      if (sample.statuses["200"] !== n) {
        const actual = counted(sample.statuses) + (sample.firstError ? ` (${sample.firstError})` : "");
        return fail("no-answer", { ...answers, path: `${n} requests, by status`, expected: `200: ${n}`, actual });
      }
      const hits = sample.versions[version] ?? 0;
      if (hits < n) return fail(hits === 0 ? "not-switched" : "mixed", answers);
      const evidence = [answers];
      for (const one of [green, blue]) {
        const found = await standing(scene.cluster, one);
        if ("waiting" in found) return waiting(found.waiting, answers);
        const ready = "work" in found ? found.work.pods.length : 0;
        const size: Evidence = {
          object: `deployment/${one}`,
          path: "ready pods",
          expected: String(replicas),
          actual: "stuck" in found ? found.stuck.actual : String(ready),
          command: "kubectl get deployments",
        };
        if (ready !== replicas) return fail("no-way-back", size);
        evidence.push(size);
      }
      return pass(evidence);
    },
  });

export default defineLab({
  title: "Switch from blue to green",
  summary: "One switch that moves every request to the new version and keeps the way back.",
  week: 4,
  minutes: 7,
  domain: "release",
  study: ["09", "11"],
  facts,
  checks: (f) => ({ switched: switched(f) }),
});
