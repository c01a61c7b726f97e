import { describe, expect, test } from "vitest";
import { json, metric, post, start, until, useApp } from "./running.ts";

useApp();

async function times(count: number, call: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  for (let done = 0; done < count; done++) {
    const response = await call();
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return statuses;
}

describe("/metrics", () => {
  test("counts what was sent, by method, route, status and version", async () => {
    const app = await start({ env: { VERSION: "1.1" } });
    await times(7, () => fetch(`${app.url}/predict`));
    await times(3, () => post(`${app.url}/predict`, { instances: [1] }));
    await times(2, () => post(`${app.url}/predict`, { instances: ["x"] }));
    await times(4, () => fetch(`${app.url}/${Math.random()}`));
    await times(1, () => fetch(`${app.url}/predict`, { method: "HEAD" }));
    const labels = (method: string, route: string, status: number) =>
      `{method="${method}",route="${route}",status="${status}",version="1.1"}`;
    const sent = [
      [labels("GET", "/predict", 200), 7],
      [labels("POST", "/predict", 200), 3],
      [labels("POST", "/predict", 400), 2],
      // One series for all unknown paths: a label per path would let any client fill the memory.
      [labels("GET", "other", 404), 4],
      [labels("HEAD", "/predict", 200), 1],
    ] as const;
    for (const [series, count] of sent) {
      expect(await metric(app, `http_requests_total${series}`)).toBe(count);
      expect(await metric(app, `http_request_duration_seconds_count${series}`)).toBe(count);
    }
    const all = labels("GET", "/predict", 200).replace("{", '{le="+Inf",');
    expect(await metric(app, `http_request_duration_seconds_bucket${all}`)).toBe(7);
    expect(await metric(app, 'inference_duration_seconds_count{version="1.1"}')).toBe(11);
    expect(await metric(app, 'model_info{model="half_plus_two",version="1.1"}')).toBe(1);
    // The one that asks.
    expect(await metric(app, "http_requests_in_flight")).toBe(1);
  });

  test("has buckets that agree with the durations", async () => {
    const app = await start({ env: { LATENCY_MS: "60", LATENCY_SIGMA: "0" } });
    await times(5, () => fetch(`${app.url}/predict`));
    const rest = 'method="GET",route="/predict",status="200",version="dev"}';
    expect(await metric(app, `http_request_duration_seconds_bucket{le="0.05",${rest}`)).toBe(0);
    expect(await metric(app, `http_request_duration_seconds_bucket{le="10",${rest}`)).toBe(5);
    const sum = (await metric(app, `http_request_duration_seconds_sum{${rest}`))!;
    expect(sum).toBeGreaterThanOrEqual(0.29);
  });

  test("shows injected errors under their own status, and every request under one", async () => {
    const app = await start({ env: { ERROR_RATE: "500=0.5,503=0.5" } });
    const statuses = await times(40, () => fetch(app.url));
    expect(new Set(statuses)).toEqual(new Set([500, 503]));
    for (const status of [500, 503]) {
      const series = `http_requests_total{method="GET",route="/",status="${status}",version="dev"}`;
      expect(await metric(app, series)).toBe(statuses.filter((found) => found === status).length);
    }
    await post(`${app.admin}/errors?rate=429=1`);
    expect(await times(3, () => fetch(`${app.url}/predict`))).toEqual([429, 429, 429]);
    // Probes are not the model's: errors leave them alone.
    expect((await fetch(`${app.url}/ready`)).status).toBe(200);
    await post(`${app.admin}/errors?rate=0`);
    expect(await times(3, () => fetch(`${app.url}/predict`))).toEqual([200, 200, 200]);
  });

  test("shows the queue and the slots while they fill", async () => {
    const app = await start({ env: { LATENCY_MS: "500", CONCURRENCY: "2" } });
    const work = Promise.all(Array.from({ length: 5 }, () => fetch(`${app.url}/predict`)));
    await until(async () => (await metric(app, "inference_queue_depth")) === 3);
    expect(await metric(app, "inference_slots_busy")).toBe(2);
    expect(await metric(app, "inference_slots")).toBe(2);
    await work;
    expect(await metric(app, "inference_queue_depth")).toBe(0);
  });
});

describe("drift", () => {
  test("shifts the observed feature away from its baseline, in numbers a job can read", async () => {
    const [steady, drifting] = await Promise.all([start(), start({ env: { DRIFT: "3" } })]);
    for (const app of [steady, drifting]) {
      await Promise.all(Array.from({ length: 100 }, () => fetch(`${app.url}/predict`)));
    }
    const near = await json(`${steady.url}/features`);
    const far = await json(`${drifting.url}/features`);
    expect(near.baseline).toEqual({ mean: 0, stddev: 1 });
    expect(near.window.count).toBe(100);
    // The mean of 100 draws stays within 0.6 of its own but once in 10^9.
    expect(Math.abs(near.window.mean)).toBeLessThan(0.6);
    expect(Math.abs(far.window.mean - 3)).toBeLessThan(0.6);
    const sum = (await metric(drifting, 'model_feature_value_sum{feature="session_length",version="dev"}'))!;
    expect(sum / 100).toBeCloseTo(far.window.mean, 2);
    // Predictions stay what they are: the model is the same, its input isn't.
    expect((await json(`${drifting.url}/predict`)).predictions).toEqual([2.5, 3, 4.5]);
  });
});
