import { beforeAll, describe, expect, it } from "vitest";
import { makeProbes } from "../../../checkers/probes/scene.ts";
import { addonPlace, ensureAddons } from "../../../cluster/addons/index.ts";
import { ground, until } from "./ground.ts";

const { transport, namespace, create, kubeconfig } = await ground();
const own = await namespace();
const signal = AbortSignal.timeout(240_000);
const probes = makeProbes(transport, own, signal);
const prometheus = probes.prometheus();

/** A pod that counts, by the annotations given to it. */
const pod = (name: string, annotations: Record<string, string> = {}) => ({
  metadata: { name, labels: { app: name }, annotations },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "app",
        image: "workbook.local/ml-inference:1.0",
        ports: [
          { name: "http", containerPort: 8080 },
          { name: "admin", containerPort: 9000 },
        ],
        readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
      },
    ],
  },
});
const service = (name: string, annotations: Record<string, string>) => ({
  metadata: { name, annotations },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
});
const scraped = { "prometheus.io/scrape": "true", "prometheus.io/port": "8080" };

beforeAll(async () => {
  await ensureAddons(await addonPlace(kubeconfig, signal), ["prometheus"], { user: own, signal });
  await create(own, "pods", pod("by-pod", scraped));
  await create(own, "pods", pod("by-service"));
  await create(own, "services", service("by-service", { "prometheus.io/scrape": "true" }));
  await create(own, "pods", pod("by-both", scraped));
  await create(own, "services", service("by-both", { "prometheus.io/scrape": "true" }));
  await create(own, "pods", pod("unasked"));
  await create(own, "pods", pod("wrong-path", { ...scraped, "prometheus.io/path": "/nothing" }));
}, 180_000);

const targets = async () => {
  const answer = await prometheus.targets();
  return answer.ok ? answer.value.filter(({ labels }) => labels.namespace === own) : [];
};

const healths = async () =>
  (await targets())
    .map(({ health }) => health)
    .sort()
    .join(" ");

describe("the Prometheus brought along", () => {
  it("scrapes what asks for it by annotation, once each", async () => {
    await until(async () => (await healths()) === "down up up up", 150_000).catch(async () => {
      throw new Error(JSON.stringify(await targets(), null, 1));
    });
    const found = (await targets()).map(({ labels, health, job }) => `${labels.pod} ${health} ${job}`).sort();
    expect(found).toEqual([
      "by-both up kubernetes-pods",
      "by-pod up kubernetes-pods",
      "by-service up kubernetes-services",
      "wrong-path down kubernetes-pods",
    ]);
    const [broken] = (await targets()).filter(({ health }) => health === "down");
    expect(broken?.lastError).toContain("404");
  }, 180_000);
  it("measures containers' CPU and memory", async () => {
    await until(async () => {
      const memory = await prometheus.query(
        `container_memory_working_set_bytes{namespace="${own}", pod="by-pod", container="app"}`,
      );
      return memory.ok && (memory.value[0]?.points[0]?.[1] ?? 0) > 5e6;
    }, 60_000);
  });
});

describe("asking", () => {
  it("gives values, over a time, and of a scalar", async () => {
    expect(await prometheus.query("1 + 1")).toMatchObject({
      ok: true,
      value: [{ labels: {}, points: [[expect.any(Number), 2]] }],
    });
    const end = Date.now() / 1000;
    const range = await prometheus.range("vector(1) / 0", { start: end - 20, end, step: 5 });
    expect(range.ok && range.value[0]?.points.map(([, value]) => value)).toEqual(
      [1, 1, 1, 1, 1].map(() => Number.POSITIVE_INFINITY),
    );
    expect(await prometheus.labelValues("job", "up")).toMatchObject({
      ok: true,
      value: expect.arrayContaining(["prometheus"]),
    });
  });
  it("gives no series as an empty answer", async () => {
    expect(await prometheus.query("no_such_metric")).toEqual({ ok: true, value: [], warnings: [] });
  });
  it("says what is wrong with a query in Prometheus' own words", async () => {
    const answer = await prometheus.query("sum(rate(x[1m])");
    expect(answer).toMatchObject({ ok: false, problem: "bad-query" });
    if (!answer.ok) expect(answer.says).toContain("unclosed left parenthesis");
  });
  it("tells a missing Service from one that nothing answers behind", async () => {
    expect(await probes.prometheus({ namespace: own, service: "none" }).ready()).toMatchObject({
      problem: "not-there",
    });
    await create(own, "services", service("nobody", {}));
    const empty = probes.prometheus({ namespace: own, service: "nobody", port: 80 });
    // The API server's proxy learns of a new Service a moment after it was made.
    await until(async () => {
      const answer = await empty.ready();
      return !answer.ok && answer.problem === "not-answering";
    }, 10_000);
  });
});
