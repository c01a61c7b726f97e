import { EventEmitter } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { fail, pass, waiting } from "../../checkers/core/verdict.ts";
import { Channel } from "../../site/server/channel.ts";
import { type ScriptedSession, until, type Workbench, wait, workbench } from "./kit.ts";

let bench: Workbench;
afterEach(() => bench?.close());
const session = (): ScriptedSession => bench.sessions.at(-1) as ScriptedSession;

describe("a page", () => {
  it("is told how things stand, then what changes", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    expect((await page.next("hello")).cluster.state).toBe("ready");
    await page.next("lab", (message) => message.state === "ready");
    session().say("service-there", fail("no-service"));
    await page.next("report", ({ report }) => report.checks[0]?.code === "no-service");
    session().say("service-there", pass());
    const passed = await page.next("report", ({ report }) => report.earned === 2);
    expect(passed.report.checks[0]).toMatchObject({ state: "pass", why: expect.stringContaining("secret-why") });
    await page.next("progress", ({ progress }) => progress[0]?.earned === 2);
    session().showPods([
      {
        name: "a",
        phase: "Running",
        ready: true,
        deleting: false,
        restarts: 0,
        services: [],
        createdAt: "2026-01-01T00:00:00Z",
      },
    ]);
    await page.next("pods", ({ pods }) => pods.length === 1);
  });

  it("remembers a pass after the state is gone again", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    session().say("service-there", pass());
    session().say("service-there", fail("no-service"));
    const later = await bench.page();
    expect((await later.next("hello")).progress[0]).toMatchObject({ earned: 2, passed: ["service-there"] });
    expect((await later.next("hello")).last).toBe("01-first");
    expect(bench.store.history("01-first").map((one) => one.state)).toEqual(["pass", "fail"]);
  });

  it("shares the session of its lab with other pages, which ends some time after the last has left", async () => {
    bench = await workbench({ linger: 150 });
    const one = await bench.page("01-first");
    await one.next("lab", (message) => message.state === "ready");
    const two = await bench.page("01-first");
    await two.next("lab", (message) => message.state === "ready");
    expect(bench.sessions).toHaveLength(1);
    one.socket.close();
    await wait(300);
    expect(session().stopped).toBe(false);
    session().say("service-there", fail("wrong"));
    await two.next("report", ({ report }) => report.checks[0]?.code === "wrong");
    two.send({ type: "enter", lab: "" });
    two.send({ type: "enter", lab: "01-first" });
    await wait(300);
    expect(session().stopped).toBe(false);
    two.send({ type: "enter", lab: "" });
    await until("the session ends", () => session().stopped, 2_000);
    two.send({ type: "enter", lab: "01-first" });
    await until("a new session", () => bench.sessions.length === 2);
  });

  it("starts a trickle of requests, tells each second of it, and ends it on request", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    page.send({ type: "requests", lab: "01-first", run: true });
    await page.next("requests", ({ running }) => running);
    await until("the load begins", () => session().loads.length === 1);
    const load = session().loads[0];
    expect(load).toMatchObject({ service: "hello", port: 80, path: "/predict", rate: 10 });
    const second = { at: 0, sent: 10, failed: 1, pods: { a: 9 }, versions: { "1.0": 9 }, p50: 20, p99: 40 };
    load?.onSecond?.(second);
    expect((await page.next("requests", (message) => message.second !== undefined)).second).toEqual(second);
    page.send({ type: "requests", lab: "01-first", run: true });
    const later = await bench.page("01-first");
    expect((await later.next("requests")).running).toBe(true);
    expect(session().loads).toHaveLength(1);
    page.send({ type: "requests", lab: "01-first", run: false });
    expect(await page.next("requests", ({ running }) => !running)).not.toHaveProperty("says");
  });

  it("ends the trickle when the last page has left", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    page.send({ type: "requests", lab: "01-first", run: true });
    await page.next("requests", ({ running }) => running);
    page.send({ type: "enter", lab: "" });
    await wait(50);
    const back = await bench.page("01-first");
    expect((await back.next("requests")).running).toBe(false);
  });

  it("draws an experiment while it is measured", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    await bench.post("/api/labs/01-first/predict", { id: "waits", value: 5 });
    const [measured, drawn] = await Promise.all([
      bench.post("/api/labs/01-first/measure", { id: "waits" }),
      page.next("measuring"),
    ]);
    expect(drawn).toMatchObject({ id: "waits", series: [{ label: "pod", value: 7 }] });
    expect(measured.body).toMatchObject({ value: 12 });
  });

  it("waits for the cluster with the lab, and enters when it is ready", async () => {
    bench = await workbench();
    bench.cluster.become("building", "Building, 42 %");
    const page = await bench.page("01-first");
    await page.next("lab", ({ state, says }) => state === "entering" && says.includes("42 %"));
    const refused = await bench.post("/api/terminals", { lab: "01-first" });
    expect([refused.status, refused.body.error]).toEqual([409, expect.stringContaining("not ready yet")]);
    expect((await bench.fetch("/api/labs/01-first")).status).toBe(200);
    bench.cluster.become("building", "Building, 80 %");
    await page.next("lab", ({ says }) => says.includes("80 %"));
    expect(bench.sessions).toHaveLength(0);
    bench.cluster.become("ready", "Ready");
    await page.next("lab", ({ state }) => state === "ready");
    await page.next("cluster", ({ cluster }) => cluster.state === "ready");
    expect(bench.sessions).toHaveLength(1);
    // Away for a moment: the session finds its way back by itself. Made anew: another cluster, another session.
    bench.cluster.become("unreachable", "gone");
    bench.cluster.become("ready", "Ready");
    await wait(50);
    expect(bench.sessions).toHaveLength(1);
    bench.cluster.become("building", "again");
    bench.cluster.become("ready", "Ready");
    await until("a new session", () => bench.sessions.length === 2);
  });

  it("is told when a lab cannot be entered, which is tried again", async () => {
    let tries = 0;
    bench = await workbench({
      retryAfter: 50,
      deps: {
        enterLab: async () => {
          tries += 1;
          if (tries < 3) throw new Error("the API server said no");
          return bench.entered;
        },
      },
    });
    const page = await bench.page("01-first");
    await page.next("lab", ({ state, says }) => state === "failed" && says.includes("said no"));
    await page.next("lab", ({ state }) => state === "ready");
    expect(tries).toBe(3);
  });

  it("runs a measuring check on request, and says when it cannot", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    page.send({ type: "run", lab: "01-first", check: "share" });
    await page.next("report", ({ report }) => report.checks[1]?.state === "pass");
    // Also when there is nothing new to say: whoever asked is told.
    const before = page.got.length;
    page.send({ type: "run", lab: "01-first", check: "service-there" });
    await until("a report", () => page.got.slice(before).some((one) => one.type === "report"));
    expect(session().ran).toEqual(["share", "service-there"]);
    page.send({ type: "run", lab: "01-first", check: "nonsense" });
    await page.next("lab", ({ says }) => says.includes("no such check"));
    page.send({ type: "run", lab: "no-lab", check: "share" });
    page.send({ type: "enter", lab: "27-to-come" });
    await wait(100);
    expect(page.closed).toBeUndefined();
  });

  it("is cut off when it sends nonsense or too much", async () => {
    bench = await workbench();
    const nonsense = await bench.page();
    nonsense.socket.send("nonsense");
    const much = await bench.page();
    much.socket.send(JSON.stringify({ type: "enter", lab: "x".repeat(20_000) }));
    await until("both are closed", () => nonsense.closed === 1007 && much.closed === 1009);
  });

  it("is told of terminals that open and end", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    const { id } = await bench.terminal();
    await page.next("terminals", ({ terminals }) => terminals[0]?.id === id && terminals[0].alive);
    const client = await bench.attach(id);
    await client.sees("$ ");
    client.input("exit 3\r");
    await page.next("terminals", ({ terminals }) => terminals[0]?.alive === false);
    const again = await bench.post(`/api/terminals/${id}/restart`, {});
    expect(again.body).toMatchObject({ title: "Terminal 1", alive: true });
    expect((await bench.fetch(`/api/terminals/${again.body.id}`, { method: "DELETE" })).status).toBe(200);
    await page.next("terminals", ({ terminals }) => terminals.length === 0);
    expect((await bench.fetch(`/api/terminals/${id}`, { method: "DELETE" })).status).toBe(404);
  });
});

describe("a slow page", () => {
  it("gets the latest of each state, not all that were", () => {
    const sent: string[] = [];
    const drained: (() => void)[] = [];
    const socket = Object.assign(new EventEmitter(), {
      OPEN: 1,
      readyState: 1,
      bufferedAmount: 0,
      send(text: string, done: () => void) {
        sent.push(text);
        drained.push(done);
        this.bufferedAmount += 200_000;
      },
    });
    const channel = new Channel(socket as unknown as WebSocket);
    const says = (n: number): void =>
      channel.send({ type: "lab", lab: "01-first", state: "entering", says: `step ${n}` });
    for (let n = 0; n < 10_000; n++) {
      says(n);
      channel.send({ type: "pods", lab: "01-first", pods: [] });
    }
    expect(sent.length).toBeLessThanOrEqual(3);
    while (drained.length > 0) {
      socket.bufferedAmount = 0;
      drained.shift()?.();
    }
    expect(sent.filter((text) => text.includes("step 9999"))).toHaveLength(1);
    expect(sent.length).toBeLessThanOrEqual(5);
  });
});

describe("verdicts that go to and fro", () => {
  it("are kept as changes, not as looks", async () => {
    bench = await workbench();
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    for (let n = 0; n < 5; n++) session().say("service-there", waiting("rollout"));
    session().say("service-there", fail("wrong"));
    session().say("service-there", fail("no-service"));
    expect(bench.store.history("01-first").map((one) => one.code ?? one.state)).toEqual([
      "waiting",
      "wrong",
      "no-service",
    ]);
  });
});
