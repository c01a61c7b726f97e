/** A namespace that somebody deletes while a lab is open: every check must have something to say, and none may break or wait for ever. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../checkers/clock.ts";
import { inWords } from "../../../checkers/contract/grade.ts";
import { runCheck } from "../../../checkers/core/run.ts";
import { FreshCluster } from "../../../checkers/kube/fresh.ts";
import { labFolders, loadLabAt } from "../../../checkers/labs.ts";
import { writeLearnerKubeconfig } from "../../../checkers/learner-kubeconfig.ts";
import { makeScene } from "../../../checkers/probes/scene.ts";
import { ground } from "./ground.ts";

const { transport, kubeconfig, home, name } = await ground();

describe.each(labFolders())("$slug, its namespace gone", ({ slug, dir }) => {
  it("each check fails with a code of its own", { timeout: 120_000 }, async () => {
    const lab = await loadLabAt(dir, slug);
    const namespace = name();
    const folder = join(home, slug);
    mkdirSync(join(folder, "answers"), { recursive: true });
    const learnerKubeconfig = join(home, `${slug}.yaml`);
    await writeLearnerKubeconfig({ admin: kubeconfig, path: learnerKubeconfig, namespace });
    const cluster = new FreshCluster(transport, namespace);
    const { signal } = new AbortController();
    const scene = makeScene({ lab: lab.definition, namespace, cluster, transport, learnerKubeconfig, folder, signal });
    const others: string[] = [];
    const passed = new Set<string>();
    for (const [id, check] of Object.entries(lab.checks(namespace))) {
      // A check whose ground is missing isn't looked at: the ground's own verdict is what the learner sees.
      if (check.needs?.some((one) => !passed.has(one))) continue;
      const verdict = await runCheck(check, scene, systemClock, 30_000);
      if (verdict.state === "pass") passed.add(id);
      // What does not live in the namespace, such as the terminal's context, may well be as it should be.
      if (verdict.state !== "fail" && verdict.state !== "pass") others.push(`${id}: ${inWords(check, verdict)}`);
    }
    expect(others).toEqual([]);
  });
});
