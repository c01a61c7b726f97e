/**
 * The manifests that the course's learners bring along from its assignment and its deep dive, adapted in names and images only: they pass
 * the checks of their lab where they are right, and fail with a code that says why where they are not.
 */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import { systemClock } from "../../../../checkers/clock.ts";
import { Places } from "../../../../checkers/contract/gates.ts";
import { failsWith, gradeMutant, inWords } from "../../../../checkers/contract/grade.ts";
import { type Ground, Stand } from "../../../../checkers/contract/stand.ts";
import type { Check } from "../../../../checkers/core/check.ts";
import { milliseconds } from "../../../../checkers/core/duration.ts";
import { poll } from "../../../../checkers/core/poll.ts";
import { runCheck } from "../../../../checkers/core/run.ts";
import { courseLabs, labFolders, loadLabAt } from "../../../../checkers/labs.ts";
import { ground } from "../ground.ts";

const { transport, kubeconfig, kubectl } = await ground();
const stop = new AbortController();
const shared: Ground = {
  transport,
  kubeconfig,
  kubectl,
  run: `seed-${randomBytes(3).toString("hex")}`,
  env: process.env,
  signal: stop.signal,
};
// Most of them wait for something that a kubelet or a probe does at its own pace: a few do so at the same time, and what measures takes turns.
const turns = new Places(1);
afterAll(() => stop.abort());

/** A learner's place in a lab, with these manifests applied in the order given. */
async function place({ onTestFinished }: TestContext, number: string, ...fixtures: string[]): Promise<Stand> {
  const folder = labFolders([courseLabs]).find((one) => one.slug.startsWith(`${number}-`));
  if (!folder) throw new Error(`There is no lab ${number}.`);
  const stand = new Stand(await loadLabAt(folder.dir, folder.slug), shared);
  // At once, so that no place reserves a node's room for longer than it is looked at.
  onTestFinished(() => stand.remove());
  await stand.enter();
  for (const fixture of fixtures) {
    await stand.answer(fileURLToPath(new URL(`../../../fixtures/assignment/${fixture}`, import.meta.url)));
  }
  return stand;
}

/** What each of these checks says, in words, where it doesn't come to pass within its own time. */
async function notPassing(stand: Stand, ids: readonly string[]): Promise<string[]> {
  const checks = stand.lab.checks(stand.namespace);
  const scene = stand.scene();
  const said: string[] = [];
  for (const id of ids) {
    const check = checks[id] as Check;
    const { value } = await poll(() => runCheck(check, scene, systemClock), {
      clock: systemClock,
      within: milliseconds(check.within),
      done: ({ state }) => state === "pass",
      signal: stop.signal,
      pauses: [500, 1_000, 2_000],
    });
    if (value.state !== "pass") said.push(`${id}: ${inWords(check, value)}`);
  }
  return said;
}

/** The code, once the check fails with it; else what it says in the end. */
async function failing(stand: Stand, id: string, code: string): Promise<string> {
  const verdict = await gradeMutant(stand, id, code, turns);
  return failsWith(verdict, code) ? code : inWords(stand.lab.checks(stand.namespace)[id], verdict);
}

describe.concurrent("lab 02: the deployment and the service of step 2", { timeout: 240_000 }, () => {
  it("passes every check once the image is pinned", async (test) => {
    const stand = await place(test, "02", "02-adapted");
    expect(await notPassing(stand, Object.keys(stand.lab.checks(stand.namespace)))).toEqual([]);
  });

  it("with :latest the tag is found wanting, and so are the pods that can't pull it", async (test) => {
    const stand = await place(test, "02", "02-as-given");
    expect(await failing(stand, "image-pinned", "floating")).toBe("floating");
    expect(await failing(stand, "replicas", "image-pull")).toBe("image-pull");
    expect(await notPassing(stand, ["service"])).toEqual([]);
  });
});

describe.concurrent("lab 03: the gateway of step 3", { timeout: 240_000 }, () => {
  it("runs and reads its configuration from the ConfigMap once the image is pinned", async (test) => {
    const stand = await place(test, "03", "03-gateway");
    expect(await notPassing(stand, ["gateway", "config-source"])).toEqual([]);
  });

  it("with :alpine, a tag that moves, the image is the one to blame", async (test) => {
    const stand = await place(test, "03", "03-gateway-as-given");
    expect(await failing(stand, "gateway", "image-pull")).toBe("image-pull");
  });
});

describe.concurrent("lab 04: the settings of steps 6 and 7", { timeout: 300_000 }, () => {
  it("reach the processes; but a changed ConfigMap does not, and a registry's login is no generic Secret", async (test) => {
    const stand = await place(test, "04", "04-settings");
    expect(await notPassing(stand, ["process-environment", "api-key"])).toEqual([]);
    expect(await failing(stand, "reload", "not-mounted")).toBe("not-mounted");
    expect(await failing(stand, "registry", "wrong-type")).toBe("wrong-type");
  });
});

describe.concurrent("lab 05: the deep dive's three probes", { timeout: 300_000 }, () => {
  it("let a slow start live, but a hang lasts too long: 30 s until it is noticed, and 30 s of grace for a process that hears nothing", async (test) => {
    const stand = await place(test, "05", "05-probes");
    expect(await notPassing(stand, ["rollout"])).toEqual([]);
    expect(await failing(stand, "hang", "too-slow")).toBe("too-slow");
  });
});

describe.concurrent("lab 06: step 8's four replicas", { timeout: 240_000 }, () => {
  it("are ready", async (test) => {
    const stand = await place(test, "06", "06-scaled");
    expect(await notPassing(stand, ["four-replicas"])).toEqual([]);
  });
});

describe.concurrent("lab 07: ml-team's quota and limit range", { timeout: 240_000 }, () => {
  it("pass their checks; the requests of step 2 are below the minimum from then on", async (test) => {
    const stand = await place(test, "07", "02-adapted", "07-rules");
    expect(await notPassing(stand, ["limit-range", "quota"])).toEqual([]);
    expect(await failing(stand, "replaceable", "below-minimum")).toBe("below-minimum");
  });

  it("101 cores in one container never reach the quota", async (test) => {
    const stand = await place(test, "07", "07-rules");
    expect(await failing(stand, "over-quota", "limit-range")).toBe("limit-range");
  });

  it("the classes' examples are classed, but a node with four cores and a GPU has to be found", async (test) => {
    const stand = await place(test, "07", "07-classes-as-given");
    expect(await failing(stand, "qos-classes", "not-running")).toBe("not-running");
  });
});

describe.concurrent("lab 08: the autoscalers of step 9", { timeout: 240_000 }, () => {
  it("have the bounds and targets agreed on", async (test) => {
    const stand = await place(test, "08", "08-autoscalers");
    expect(await notPassing(stand, ["ml-hpa", "gateway-hpa"])).toEqual([]);
  });
});

describe.concurrent("lab 09: the rolling update of step 10", { timeout: 240_000 }, () => {
  it("has a strategy that never falls below the wanted number", async (test) => {
    const stand = await place(test, "09", "09-strategy");
    expect(await notPassing(stand, ["strategy"])).toEqual([]);
  });
});
