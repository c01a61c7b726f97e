import { once } from "node:events";
import http from "node:http";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { json, post, start, useApp } from "./running.ts";

useApp();

describe("the text of /", () => {
  const seed = '{"predictions": [2.5, 3.0, 4.5], "model": "half_plus_two", "version": "1.0"}';

  test.each([
    { title: "one dash and an equals sign", args: [`-text=${seed}`] },
    { title: "two dashes", args: [`--text=${seed}`] },
    { title: "a value of its own", args: ["-text", seed] },
  ])("is given with $title, byte for byte and with a newline", async ({ args }) => {
    const app = await start({ args, env: { VERSION: "1.1" } });
    const response = await fetch(app.url);
    expect(await response.text()).toBe(`${seed}\n`);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-served-by")).toBe(hostname());
    expect(response.headers.get("x-version")).toBe("1.1");
  });

  test("may be any text, and leaves /predict to the model", async () => {
    const app = await start({ args: ["-text=hello = world"] });
    const response = await fetch(app.url);
    expect(await response.text()).toBe("hello = world\n");
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect((await json(`${app.url}/predict`)).predictions).toEqual([2.5, 3, 4.5]);
  });

  test("is a prediction when none is given", async () => {
    const app = await start();
    expect((await json(app.url)).predictions).toEqual([2.5, 3, 4.5]);
  });
});

describe("/predict", () => {
  test("halves and adds two, and says who did", async () => {
    const app = await start({ env: { VERSION: "2.0", MODEL_NAME: "half_plus_two" } });
    const response = await post(`${app.url}/predict`, { instances: [0, 1, -4, 10.5] });
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toEqual({
      predictions: [2, 2.5, 0, 7.25],
      model: "half_plus_two",
      version: "2.0",
      pod: hostname(),
      latency_ms: expect.any(Number),
    });
  });

  test("answers 400 to what is no list of numbers, says why, and goes on", async () => {
    const app = await start({ env: { BATCH_SIZE: "4" } });
    for (const [body, why] of [
      ["", "empty"],
      ['{"instances": [1,', "not valid JSON"],
      ["[1,2]", '"instances" must be a list'],
      ["null", '"instances" must be a list'],
      ['{"instances":[]}', "is empty"],
      ['{"instances":[1,"2"]}', "instances[1] is not a finite number"],
      ['{"instances":[1e999]}', "instances[0] is not a finite number"],
      ['{"instances":[1,2,3,4,5]}', "at most 4"],
    ] as const) {
      const response = await fetch(`${app.url}/predict`, { method: "POST", body });
      expect([body, response.status]).toEqual([body, 400]);
      expect(((await response.json()) as { error: string }).error).toContain(why);
    }
    expect((await post(`${app.url}/predict`, { instances: [1, 2, 3, 4] })).status).toBe(200);
  });

  test("takes a body of 1 MiB and refuses a larger one, with a length or without", async () => {
    const app = await start();
    const of = (size: number) => `{"instances":[1]${" ".repeat(size - 17)}}`;
    const send = (body: BodyInit) =>
      fetch(`${app.url}/predict`, { method: "POST", body, duplex: "half" } as RequestInit);
    expect((await send(of(2 ** 20))).status).toBe(200);
    expect((await send(of(2 ** 20 + 1))).status).toBe(413);
    expect((await send(new Blob([of(4 * 2 ** 20)]).stream())).status).toBe(413);
    // One that asks before it sends is refused before it sends.
    const { hostname: host, port } = new URL(app.url);
    const headers = { expect: "100-continue", "content-length": 2 ** 21 };
    const asks = http.request({ host, port, path: "/predict", method: "POST", headers });
    asks.flushHeaders();
    const [response] = (await once(asks, "response")) as [http.IncomingMessage];
    expect(response.statusCode).toBe(413);
    asks.destroy();
    // The refused ones did it no harm.
    expect((await fetch(`${app.url}/predict`)).status).toBe(200);
  });
});

describe("HTTP", () => {
  test("unknown paths are a 404 in JSON, whatever their name", async () => {
    const app = await start();
    for (const path of ["/nothing", "/predict/", "/__proto__", "/constructor"]) {
      const response = await fetch(app.url + path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error_type: "not_found" });
    }
  });

  test("a method that doesn't belong is a 405 that names the right ones", async () => {
    const app = await start();
    const response = await fetch(`${app.url}/predict`, { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, POST");
    expect((await post(`${app.url}/health`)).headers.get("allow")).toBe("GET, HEAD");
  });

  test("HEAD gives the headers of GET and no body", async () => {
    const app = await start({ args: ["-text=hello"] });
    const response = await fetch(app.url, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("6");
    expect(await response.text()).toBe("");
  });

  test("one connection carries many requests", async () => {
    const app = await start();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let count = 0; count < 5; count++) {
      await new Promise<void>((resolve, reject) => {
        const request = http.get(`${app.url}/predict`, { agent }, (response) => {
          ports.add(request.socket?.localPort);
          response.resume().on("end", resolve);
        });
        request.on("error", reject);
      });
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  test("a broken target is a 400", async () => {
    const app = await start();
    const { hostname: host, port } = new URL(app.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      http
        .get({ host, port, path: "http://[" }, (response) => resolve(response.resume().statusCode))
        .on("error", reject);
    });
    expect(status).toBe(400);
  });

  test("/status tells state and settings, and of the key only that it is there", async () => {
    const app = await start({ env: { API_KEY: "s3cret-key", LOG_LEVEL: "debug", ENVIRONMENT: "production" } });
    const status = await json(`${app.url}/status`);
    expect(status).toMatchObject({
      pod: hostname(),
      phase: "running",
      environment: "production",
      settings: { log_level: "debug", api_key: "set" },
    });
    expect(JSON.stringify(status)).not.toContain("s3cret");
    expect(app.output()).not.toContain("s3cret");
  });
});
