import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { parseConfig, parseErrorRates, parseListen } from "../../cluster/images/ml-inference/app/config.ts";
import { type Line, run, start, useApp } from "./running.ts";

useApp();

test.each([
  [":5000", { host: undefined, port: 5000 }],
  ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
  ["[::1]:80", { host: "::1", port: 80 }],
  ["5000", undefined],
  [":65536", undefined],
  [":", undefined],
  ["::1:80", undefined],
])("the address %s", (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

test.each([
  ["500=0.05,503=0.01", { 500: 0.05, 503: 0.01 }],
  [" 429 = .5 ", { 429: 0.5 }],
  ["0.1", { 500: 0.1 }],
  ["0", {}],
  ["", {}],
])("the error rates %s", (text, expected) => {
  const rates = parseErrorRates(text);
  expect(typeof rates === "string" ? rates : Object.fromEntries(rates)).toEqual(expected);
});

test.each([
  ["500=x", "STATUS=RATE"],
  ["200=0.1", "not an error"],
  ["500=0.7,503=0.4", "add up to 1.1"],
  ["500=0.1,500=0.1", "given twice"],
  ["500=-1", "STATUS=RATE"],
])("the error rates %s are refused", (text, why) => {
  expect(parseErrorRates(text)).toContain(why);
});

test("an empty variable counts as unset", () => {
  expect(parseConfig([], { LATENCY_MS: "", DEPENDENCY_URL: " ", CONCURRENCY: "" })).toEqual(parseConfig([], {}));
});

describe("a start that can't be", () => {
  async function refused(options: Parameters<typeof run>[0]): Promise<string> {
    const { code, stdout, stderr } = await run(options);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    const line = JSON.parse(stderr) as Line;
    expect(line.level).toBe("error");
    return line.msg;
  }

  test("names every bad value in one line", async () => {
    const env = {
      LATENCY_MS: "fast",
      CONCURRENCY: "0",
      LOG_LEVEL: "loud",
      ERROR_RATE: "500=2",
      DEPENDENCY_URL: "features:8080",
      VERSION: "one point\none",
    };
    const message = await refused({ args: ["-listen=5000", "-verbose"], env });
    for (const name of [...Object.keys(env), "-listen", "-verbose"]) expect(message).toContain(name);
    expect(message).toContain('LATENCY_MS="fast": expected a number of milliseconds');
  });

  test("says that a port is in use, which one and what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const taken = `127.0.0.1:${port}`;
    const free = { ADMIN_LISTEN: "off", GRPC_LISTEN: "off" };
    expect(await refused({ args: ["-listen", taken], env: free })).toContain(
      `port ${port} is already in use (-listen=`,
    );
    const admin = { args: ["-listen", "127.0.0.1:0"], env: { ...free, ADMIN_LISTEN: taken } };
    expect(await refused(admin)).toContain(`port ${port} is already in use (ADMIN_LISTEN=`);
    const grpc = { args: ["-listen", "127.0.0.1:0"], env: { ...free, GRPC_LISTEN: taken } };
    expect(await refused(grpc)).toContain(`port ${port} is already in use (GRPC_LISTEN=`);
    other.close();
  });

  test("says that two of its own servers ask for one port", async () => {
    expect(await refused({ args: ["-listen=:9000"] })).toContain("-listen and ADMIN_LISTEN both ask for port 9000");
  });

  test("says that a flag lacks its value", async () => {
    expect(await refused({ args: ["-text"] })).toContain("-text needs a value");
  });
});

test("admin and gRPC can be switched off", async () => {
  const app = await start({ env: { ADMIN_LISTEN: "off", GRPC_LISTEN: "off" } });
  const line = await app.line("listening");
  expect(line).not.toHaveProperty("admin_port");
  expect(line).not.toHaveProperty("grpc_port");
  expect((await fetch(`${app.url}/ready`)).status).toBe(200);
});
