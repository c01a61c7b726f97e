import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { drawError, Slots, serviceTime } from "../../cluster/images/ml-inference/app/predict.ts";
import { json, metric, post, start, until, useApp } from "./running.ts";

useApp();

/** mulberry32: the same numbers on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function quantile(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1]!;
}

describe("the service time", () => {
  test.each([0.25, 0.5, 1])("keeps its mean at sigma %d, and the tail grows with sigma", (sigma) => {
    const random = seeded(7);
    const times = Array.from({ length: 40_000 }, () => serviceTime(80, sigma, random));
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    expect(mean / 80).toBeCloseTo(1, 1);
    // The p99 of a lognormal with this mean: exp(2.326 sigma - sigma^2 / 2) of it.
    expect(quantile(times, 0.99) / (80 * Math.exp(2.326 * sigma - sigma ** 2 / 2))).toBeCloseTo(1, 1);
  });

  test("is constant without spread, and none at all at 0", () => {
    expect(serviceTime(80, 0, seeded(1))).toBe(80);
    expect(serviceTime(0, 1, seeded(1))).toBe(0);
  });
});

test("errors are drawn at the rate of each class", () => {
  const rates = new Map([
    [500, 0.05],
    [503, 0.01],
  ]);
  const random = seeded(3);
  const drawn = Array.from({ length: 50_000 }, () => drawError(rates, random));
  expect(drawn.filter((status) => status === 500).length / 50_000).toBeCloseTo(0.05, 2);
  expect(drawn.filter((status) => status === 503).length / 50_000).toBeCloseTo(0.01, 2);
  expect(drawError(new Map([[500, 1]]), () => 0.999999)).toBe(500);
});

describe("slots", () => {
  const never = new AbortController().signal;

  test("let so many in and the rest in order, and refuse past the queue's end", async () => {
    const slots = new Slots(1, 2);
    const order: string[] = [];
    await slots.enter(never);
    const waiting = ["first", "second"].map((name) => slots.enter(never).then(() => order.push(name)));
    await expect(slots.enter(never)).rejects.toThrow();
    slots.release();
    slots.release();
    await Promise.all(waiting);
    expect(order).toEqual(["first", "second"]);
    slots.release();
    expect(slots.busy).toBe(0);
  });

  test("don't keep a place for who has gone", async () => {
    const slots = new Slots(1, 8);
    await slots.enter(never);
    const gone = new AbortController();
    const left = slots.enter(gone.signal);
    const stays = slots.enter(never);
    gone.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(slots.waiting).toBe(1);
    slots.release();
    await stays;
    expect([slots.busy, slots.waiting]).toEqual([1, 0]);
  });
});

describe("a running service", () => {
  async function burst(url: string, count: number): Promise<{ status: number; ms: number }[]> {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const asked = performance.now();
        const response = await fetch(`${url}/predict`);
        await response.arrayBuffer();
        return { status: response.status, ms: performance.now() - asked };
      }),
    );
  }

  test("queues when more come than it has slots: the tail leaves the median behind", async () => {
    const app = await start({ env: { LATENCY_MS: "40", LATENCY_SIGMA: "0", CONCURRENCY: "4" } });
    const calm: number[] = [];
    for (let count = 0; count < 6; count++) calm.push((await burst(app.url, 2))[0]!.ms);
    const stormy = (await burst(app.url, 40)).map(({ ms }) => ms);
    // Ten rounds of 40 ms through four slots: no schedule gets the last one through in less.
    expect(quantile(stormy, 0.99)).toBeGreaterThanOrEqual(10 * 40 - 20);
    // And half of them still had five rounds to go when the other half was done.
    expect(quantile(stormy, 0.99) - quantile(stormy, 0.5)).toBeGreaterThan(100);
    expect(quantile(calm, 0.5)).toBeLessThan(quantile(stormy, 0.5));
    // The model itself was no slower: what grew is the wait.
    const queued = (await metric(app, 'inference_queue_seconds_sum{version="dev"}'))!;
    const worked = (await metric(app, 'inference_duration_seconds_sum{version="dev"}'))!;
    expect(queued).toBeGreaterThan(worked);
    expect(worked).toBeGreaterThanOrEqual(52 * 0.039);
  });

  test("refuses with 503 past the queue's limit", async () => {
    const app = await start({ env: { LATENCY_MS: "700", LATENCY_SIGMA: "0", CONCURRENCY: "4", QUEUE_LIMIT: "2" } });
    const statuses = (await burst(app.url, 9)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(6);
    expect(statuses.filter((status) => status === 503)).toHaveLength(3);
  });

  test("answers 504 to what takes too long, in the queue or in the model", async () => {
    const env = { LATENCY_MS: "600", LATENCY_SIGMA: "0", CONCURRENCY: "1", REQUEST_TIMEOUT: "1" };
    const app = await start({ env });
    const statuses = (await burst(app.url, 3)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 504, 504]);
    // Neither left its slot behind.
    expect((await json(`${app.url}/status`)).slots).toEqual({ busy: 0, limit: 1, waiting: 0 });
    expect((await fetch(`${app.url}/predict`)).status).toBe(200);
  });

  test("frees the place of a client that left, and counts it as 499", async () => {
    const app = await start({ env: { LATENCY_MS: "10000", CONCURRENCY: "1" } });
    const leave = new AbortController();
    const both = [1, 2].map(() => fetch(`${app.url}/predict`, { signal: leave.signal }).catch(() => "left"));
    await until(async () => (await json(`${app.url}/status`)).slots.waiting === 1);
    leave.abort();
    expect(await Promise.all(both)).toEqual(["left", "left"]);
    await until(async () => (await json(`${app.url}/status`)).slots.busy === 0);
    const gone = 'http_requests_total{method="GET",route="/predict",status="499",version="dev"}';
    expect(await metric(app, gone)).toBe(2);
  });

  test("uses real CPU for every request and goes on answering probes meanwhile", async () => {
    const app = await start({ env: { LATENCY_MS: "0", CPU_MS: "60", CONCURRENCY: "1" } });
    const before = (await metric(app, "process_cpu_seconds_total"))!;
    const work = burst(app.url, 5);
    await until(async () => (await json(`${app.url}/status`)).slots.busy === 1);
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
    await work;
    const used = (await metric(app, "process_cpu_seconds_total"))! - before;
    // 300 ms by calibration; half of it leaves room for a machine that changes its clock.
    expect(used).toBeGreaterThan(0.15);
  });

  test("is slower by as much as it is told, until it is told otherwise", async () => {
    const app = await start({ env: { LATENCY_MS: "1", LATENCY_SIGMA: "0" } });
    await post(`${app.admin}/slow?ms=150`);
    expect((await burst(app.url, 1))[0]!.ms).toBeGreaterThanOrEqual(145);
    await post(`${app.admin}/reset`);
    const after: number[] = [];
    for (let count = 0; count < 5; count++) after.push((await burst(app.url, 1))[0]!.ms);
    expect(Math.min(...after)).toBeLessThan(145);
  });

  test("holds the memory it is told to hold", async () => {
    const [plain, heavy] = await Promise.all([start(), start({ env: { MEMORY_MB: "64" } })]);
    await sleep(100);
    const rss = async (url: string) => (await json(`${url}/status`)).memory.rss_mb as number;
    expect((await rss(heavy.url)) - (await rss(plain.url))).toBeGreaterThan(50);
  });
});
