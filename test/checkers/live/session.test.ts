import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { LabReport, PodView } from "../../../checkers/core/report.ts";
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

const common = { points: 1, within: "10s", evidence: "state", why: "because" } as const;
const failures = { no: { says: "No.", hints: ["Look."] } } as const;

/** The scaffolded lab with checks of the test's own, entered and watched. */
async function watched(checks: LoadedLab["checks"]) {
  const made = await lab();
  const entered = await enterLab(made.options);
  const reports: LabReport[] = [];
  const pods: PodView[][] = [];
  const session = new LabSession({
    lab: { ...made.lab, checks },
    namespace: entered.namespace,
    live,
    transport,
    folder: entered.folder,
    kubeconfig: entered.kubeconfig,
    onReport: (report) => reports.push(report),
    onPods: (views) => pods.push(views),
  });
  sessions.push(session);
  const state = (id: string) => session.report().checks.find((one) => one.id === id)?.state;
  return { ...entered, session, reports, pods, state };
}
const hasConfigMap = (name: string, runs: { n: number }) =>
  check({
    ...common,
    title: name,
    mode: "observe",
    failures,
    async observe({ cluster }) {
      runs.n++;
      return (await cluster.get(kinds.ConfigMap, name)) ? pass() : fail("no");
    },
  });

describe("a session", () => {
  it("turns a check green within a blink of the change, and back", async () => {
    const runs = { n: 0 };
    const { namespace, state } = await watched(() => ({ it: hasConfigMap("it", runs) }));
    await until(() => state("it") === "fail");
    const late: number[] = [];
    for (let i = 0; i < 20; i++) {
      await create(namespace, "configmaps", { metadata: { name: "it" } });
      const created = performance.now();
      await until(() => state("it") === "pass");
      late.push(performance.now() - created);
      await transport.json(`/api/v1/namespaces/${namespace}/configmaps/it`, { method: "DELETE" });
      await until(() => state("it") === "fail");
    }
    // 150 ms at p95 is what `bench` measures; on a busy test machine this only tells a watch from a poll.
    expect(late.sort((a, b) => a - b)[10]).toBeLessThan(500);
  });

  it("runs again only what reads what changed, and reports only news", async () => {
    const [one, two] = [{ n: 0 }, { n: 0 }];
    const services = check({
      ...common,
      title: "services",
      mode: "observe",
      failures,
      async observe({ cluster }) {
        two.n++;
        return (await cluster.list(kinds.Service)).length > 0 ? pass() : fail("no");
      },
    });
    const { namespace, reports, state } = await watched(() => ({ one: hasConfigMap("x", one), two: services }));
    await until(() => state("one") === "fail" && state("two") === "fail");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = { one: one.n, two: two.n, reports: reports.length };
    await create(namespace, "configmaps", { metadata: { name: "unrelated" } });
    await until(() => one.n > before.one);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(two.n).toBe(before.two);
    expect(reports.length).toBe(before.reports);
  });

  it("sees an answer handed in and a changed kubeconfig", async () => {
    const answered = check({
      ...common,
      title: "answer",
      mode: "observe",
      failures,
      observe: async ({ learner }) => ((await learner.answer("code")) === "42" ? pass() : fail("no")),
    });
    const context = check({
      ...common,
      title: "context",
      mode: "observe",
      failures,
      observe: async ({ learner }) => ((await learner.currentNamespace()) === "elsewhere" ? pass() : fail("no")),
    });
    const { folder, kubeconfig, namespace, state } = await watched(() => ({ answered, context }));
    await until(() => state("answered") === "fail" && state("context") === "fail");
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(folder, "answers"), { recursive: true });
    writeFileSync(join(folder, "answers/code.txt"), "42\n");
    await until(() => state("answered") === "pass");
    writeFileSync(
      kubeconfig,
      readFileSync(kubeconfig, "utf8").replace(`namespace: ${namespace}`, "namespace: elsewhere"),
    );
    await until(() => state("context") === "pass");
  });

  it("measures once it is quiet, never two at once, and disturbs only on request", async () => {
    let [measured, disturbed, running, most] = [0, 0, 0, 0];
    const busy = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 100));
      running--;
    };
    const sample = (title: string) =>
      check({
        ...common,
        title,
        mode: "sample",
        failures,
        async observe() {
          await busy();
          measured++;
          return pass();
        },
      });
    const disturb = check({
      ...common,
      title: "disturb",
      mode: "disturb",
      failures,
      async observe() {
        await busy();
        disturbed++;
        return pass();
      },
    });
    const { session, state } = await watched(() => ({ a: sample("a"), b: sample("b"), c: disturb }));
    expect(measured).toBe(0);
    await until(() => state("a") === "pass" && state("b") === "pass");
    expect({ measured, c: state("c") }).toEqual({ measured: 2, c: "todo" });
    await Promise.all([session.run("a"), session.run("c"), session.run("b")]);
    expect({ measured, disturbed, most }).toEqual({ measured: 4, disturbed: 1, most: 1 });
    expect(state("c")).toBe("pass");
    await expect(session.run("nothing")).rejects.toThrow('no check "nothing"');
  });

  it("tells the pods as they come, get ready and go", async () => {
    const { namespace, pods } = await watched(() => ({}));
    const spec = {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "c", image: "workbook.local/toolbox:1.0", command: ["sleep", "600"] }],
    };
    await create(namespace, "pods", { metadata: { name: "p", labels: { app: "p" } }, spec });
    await create(namespace, "services", {
      metadata: { name: "s" },
      spec: { selector: { app: "p" }, ports: [{ port: 80 }] },
    });
    await until(() => pods.at(-1)?.[0]?.services.includes("s") ?? false);
    expect(pods.at(-1)?.[0]).toMatchObject({
      name: "p",
      phase: "Running",
      ready: true,
      version: "1.0",
      services: ["s"],
    });
    await transport.json(`/api/v1/namespaces/${namespace}/pods/p`, { method: "DELETE" });
    await until(() => pods.at(-1)?.length === 0);
  });

  it("says nothing after it was stopped", async () => {
    const { session, namespace, reports, state } = await watched(() => ({ it: hasConfigMap("it", { n: 0 }) }));
    await until(() => state("it") === "fail");
    await session.stop();
    const told = reports.length;
    await create(namespace, "configmaps", { metadata: { name: "it" } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(reports.length).toBe(told);
  });
});
