import { afterAll, describe, expect, it } from "vitest";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { LabReport } from "../../../checkers/core/report.ts";
import { fail, pass } from "../../../checkers/core/verdict.ts";
import { enterLab } from "../../../checkers/enter.ts";
import { LiveCluster } from "../../../checkers/kube/live.ts";
import type { LoadedLab } from "../../../checkers/labs.ts";
import { LabSession } from "../../../checkers/session.ts";
import { ground, until } from "./ground.ts";

const { transport, lab, create } = await ground();
const live = new LiveCluster(transport);
const sessions: LabSession[] = [];
afterAll(async () => {
  await Promise.all(sessions.map((session) => session.stop()));
  live.close();
});

/** A check that passes while there is a ConfigMap of this name, and counts its looks. */
const has = (name: string, more: Partial<Check> = {}, looks = { n: 0 }): Check =>
  check({
    points: 1,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: "because",
    title: `There is ${name}`,
    failures: { no: { says: `No ${name}.`, hints: ["SECRET-HINT"] } },
    async observe({ cluster }: Parameters<Check["observe"]>[0]) {
      looks.n++;
      const found = await cluster.get(kinds.ConfigMap, name);
      const seen = { object: `configmap/${name}`, expected: "SECRET-EXPECTED", actual: String(found !== undefined) };
      return found ? pass(seen) : fail("no", seen);
    },
    ...more,
  } as Parameters<typeof check>[0]);

async function watched(checks: LoadedLab["checks"]) {
  const made = await lab();
  const entered = await enterLab(made.options);
  const reports: LabReport[] = [];
  const session = new LabSession({
    lab: { ...made.lab, checks },
    namespace: entered.namespace,
    live,
    transport,
    folder: entered.folder,
    kubeconfig: entered.kubeconfig,
    onReport: (report) => reports.push(report),
  });
  sessions.push(session);
  const one = (id: string) => session.report().checks.find((report) => report.id === id);
  const { namespace } = entered;
  return {
    session,
    reports,
    one,
    state: (id: string) => one(id)?.state,
    put: (name: string) => create(namespace, "configmaps", { metadata: { name } }),
    take: (name: string) => transport.json(`/api/v1/namespaces/${namespace}/configmaps/${name}`, { method: "DELETE" }),
  };
}
const moment = (ms = 400) => new Promise((resolve) => setTimeout(resolve, ms));

describe("checks that need others, watched", () => {
  it("are blocked until their ground passes, are looked at then, and are blocked again when it breaks", async () => {
    const looks = { n: 0 };
    const { state, one, put, take } = await watched(() => ({
      ground: has("ground"),
      roof: has("roof", { needs: ["ground"] }, looks),
    }));
    await until(() => state("ground") === "fail");
    await put("roof");
    await moment();
    expect(one("roof")).toMatchObject({ state: "blocked", needs: ["ground"], says: "It comes after: There is ground" });
    expect(one("roof")?.evidence).toEqual([]);
    expect(looks.n).toBe(0);
    await put("ground");
    await until(() => state("roof") === "pass");
    await take("ground");
    await until(() => state("roof") === "blocked");
    const before = looks.n;
    await take("roof");
    await moment();
    expect({ looks: looks.n, state: state("roof"), earned: one("roof")?.earned }).toEqual({
      looks: before,
      state: "blocked",
      earned: 0,
    });
    await put("ground");
    await until(() => state("roof") === "fail");
  });

  it("go back all the way up when the lowest breaks", async () => {
    const { state, put, take } = await watched(() => ({
      top: has("top", { needs: ["middle"] }),
      middle: has("middle", { needs: ["low"] }),
      low: has("low"),
    }));
    await Promise.all(["top", "middle", "low"].map(put));
    await until(() => state("top") === "pass");
    await take("low");
    await until(() => state("top") === "blocked" && state("middle") === "blocked" && state("low") === "fail");
    await put("low");
    await until(() => state("top") === "pass");
  });

  it("are measured soon after their ground is laid, and not before", async () => {
    const looks = { n: 0 };
    const { session, state, put } = await watched(() => ({
      ground: has("ground"),
      share: has("ground", { mode: "sample", needs: ["ground"] }, looks),
    }));
    await until(() => state("ground") === "fail");
    await moment(2_500);
    await session.run("share");
    expect({ looks: looks.n, state: state("share") }).toEqual({ looks: 0, state: "blocked" });
    await put("ground");
    await until(() => state("share") === "pass", 10_000);
    expect(looks.n).toBe(1);
  });

  it("stay as they are while their ground is only measured anew", async () => {
    const { session, reports, state, put } = await watched(() => ({
      ground: has("ground", { mode: "sample" }),
      roof: has("ground", { needs: ["ground"] }),
    }));
    await put("ground");
    // A measurement may have come before the ConfigMap: the next one is 15 s later.
    await until(() => state("roof") === "pass");
    const told = reports.length;
    await session.run("ground");
    await moment();
    const since = reports.slice(told).map((report) => report.checks.find(({ id }) => id === "roof")?.state);
    expect(since.filter((one) => one !== "pass")).toEqual([]);
  });

  it("keep what a disturbance came to, though it broke their ground for a while", async () => {
    let breaks: () => Promise<unknown> = async () => {};
    let mends: () => Promise<unknown> = async () => {};
    const { session, state, put, take } = await watched(() => ({
      ground: has("ground"),
      kill: has("ground", {
        mode: "disturb",
        needs: ["ground"],
        async observe() {
          await breaks();
          await moment(600);
          return pass();
        },
      }),
    }));
    breaks = () => take("ground");
    mends = () => put("ground");
    await put("ground");
    await until(() => state("ground") === "pass");
    await session.run("kill");
    expect(state("kill")).toBe("blocked");
    await mends();
    await until(() => state("kill") === "pass");
  });
});

describe("a hidden check, watched", () => {
  it("is never looked at, says nothing but its points, and cannot be run", async () => {
    const looks = { n: 0 };
    const hidden = { hidden: true as const, points: 7 };
    const { session, reports, state, put } = await watched(() => ({
      shown: has("shown"),
      secret: has("secret", hidden, looks),
      measured: has("secret", { ...hidden, mode: "sample" }, looks),
    }));
    await put("shown");
    await put("secret");
    await until(() => state("shown") === "pass");
    await moment(2_500);
    await expect(session.run("secret")).rejects.toThrow("when the lab is graded");
    expect(looks.n).toBe(0);
    expect(session.report()).toMatchObject({ points: 15, earned: 1, complete: true });
    for (const report of [...reports, session.report()]) {
      expect(report.checks[1]).toMatchObject({ title: "A hidden check", points: 7, state: "todo", hidden: true });
      expect(JSON.stringify(report.checks.slice(1))).not.toMatch(/SECRET|There is secret|because/);
    }
  });
});
