import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fail, pass } from "../../checkers/core/verdict.ts";
import { type ScriptedSession, type Workbench, workbench } from "./kit.ts";

let bench: Workbench;
const at = (what: string): string => `/api/labs/01-first${what}`;
const session = (): ScriptedSession => bench.sessions.at(-1) as ScriptedSession;
const labPage = async (): Promise<Record<string, unknown>> =>
  (await (await bench.fetch(at(""))).json()) as Record<string, unknown>;

beforeEach(async () => {
  bench = await workbench();
  const page = await bench.page("01-first");
  await page.next("lab", (message) => message.state === "ready");
});
afterEach(() => bench.close());

describe("what leaves the server before it is due", () => {
  it("is no hint, explanation, model answer or reason", async () => {
    session().say("service-there", fail("no-service"));
    expect(JSON.stringify(await labPage())).not.toContain("secret");
    session().say("service-there", pass());
    const after = JSON.stringify(await labPage());
    expect(after).toContain("secret-why: a Service");
    expect(after.replace("secret-why: a Service", "")).not.toContain("secret");
  });
});

describe("hints", () => {
  it("come one at a time, for the failure there is now, and are remembered", async () => {
    expect((await bench.post(at("/hint"), { check: "service-there" })).status).toBe(409);
    session().say("service-there", fail("no-service"));
    const first = await bench.post(at("/hint"), { check: "service-there" });
    expect(first.body).toEqual({ step: 1, of: 2, text: "secret-hint-1", shown: ["secret-hint-1"] });
    const second = await bench.post(at("/hint"), { check: "service-there" });
    expect(second.body).toMatchObject({ step: 2, shown: ["secret-hint-1", "secret-hint-2"] });
    expect((await bench.post(at("/hint"), { check: "service-there" })).body).toMatchObject({ step: 2 });
    session().say("service-there", fail("wrong"));
    expect((await labPage()).hints).toEqual({});
    expect((await bench.post(at("/hint"), { check: "service-there" })).body).toMatchObject({
      step: 1,
      text: "secret-hint-3",
    });
    session().say("service-there", fail("no-service"));
    expect((await labPage()).hints).toEqual({ "service-there": ["secret-hint-1", "secret-hint-2"] });
  });

  it("exist for checks of this lab only", async () => {
    for (const check of ["no-such", "constructor", "__proto__"]) {
      expect((await bench.post(at("/hint"), { check })).status, check).toBe(404);
    }
    for (const lab of ["02-other", "..%2f01-first", "constructor"]) {
      expect((await bench.post(`/api/labs/${lab}/hint`, { check: "share" })).status, lab).toBe(404);
    }
  });
});

describe("the quiz", () => {
  it("explains every choice once one was chosen; the first answer counts", async () => {
    const wrong = await bench.post(at("/quiz"), { item: "q1", choice: 0 });
    expect(wrong.body).toEqual({
      right: false,
      correct: 1,
      explanations: ["secret-why-a", "secret-why-b hello", "secret-why-c"],
    });
    expect((await bench.post(at("/quiz"), { item: "q1", choice: 1 })).body).toMatchObject({ right: true });
    expect((await labPage()).quiz).toMatchObject({ q1: { choice: 0, right: false } });
    const page = await bench.page();
    const hello = await page.next("hello");
    expect(hello.progress[0]).toMatchObject({ quizRight: 0, quizTotal: 1 });
  });

  it("gives the model answer for an answer in words, and nothing for none", async () => {
    expect((await bench.post(at("/quiz"), { item: "q2", text: "  " })).status).toBe(400);
    expect((await bench.post(at("/quiz"), { item: "q2", text: "because" })).body).toEqual({
      explanations: ["secret-model"],
    });
    expect((await labPage()).quiz).toEqual({ q2: { text: "because", explanations: ["secret-model"] } });
    expect((await bench.post(at("/quiz"), { item: "q1", choice: 3 })).status).toBe(400);
    expect((await bench.post(at("/quiz"), { item: "q3", choice: 0 })).status).toBe(404);
  });
});

describe("predictions", () => {
  it("are locked once, and measured only then", async () => {
    expect((await bench.post(at("/measure"), { id: "waits" })).status).toBe(409);
    expect((await bench.post(at("/predict"), { id: "waits", value: 61 })).status).toBe(400);
    expect((await bench.post(at("/predict"), { id: "waits", value: 20 })).body).toMatchObject({
      id: "waits",
      value: 20,
    });
    expect((await bench.post(at("/predict"), { id: "waits", value: 12 })).status).toBe(409);
    const measured = await bench.post(at("/measure"), { id: "waits" });
    expect(measured.body).toEqual({
      id: "waits",
      value: 12,
      series: [{ label: "pod", value: 12 }],
      says: "Measured in lab-01.",
      explanation: "secret-explanation",
    });
    const { predictions } = await labPage();
    expect(predictions).toMatchObject({
      waits: { value: 20, measured: { value: 12, explanation: "secret-explanation" } },
    });
  });

  it("take a choice by its text with the facts in it, and one experiment at a time, which ends", async () => {
    expect((await bench.post(at("/predict"), { id: "hangs", value: "the other" })).status).toBe(400);
    expect((await bench.post(at("/predict"), { id: "hangs", value: "the hello" })).body).toMatchObject({
      value: "the hello",
    });
    await bench.post(at("/predict"), { id: "waits", value: 1 });
    const hanging = bench.post(at("/measure"), { id: "hangs" });
    const meanwhile = await bench.post(at("/measure"), { id: "waits" });
    expect(meanwhile.status).toBe(409);
    expect(meanwhile.body.error).toContain("is running");
    const late = await hanging;
    expect([late.status, late.body.error]).toEqual([503, "The experiment had no result after 1.0 s."]);
    expect((await bench.post(at("/measure"), { id: "waits" })).status).toBe(200);
  });
});

describe("answers", () => {
  it("are written to the working folder, and the checks look again", async () => {
    expect((await bench.post(at("/answer"), { key: "node", text: " worker-1 \n" })).status).toBe(200);
    expect(readFileSync(join(bench.entered.folder, "answers/node.txt"), "utf8")).toBe("worker-1\n");
    expect(session().refreshed).toBe(1);
    expect((await labPage()).answers).toEqual({ node: "worker-1" });
    for (const key of ["other", "../node", "constructor"]) {
      expect((await bench.post(at("/answer"), { key, text: "x" })).status, key).toBe(404);
    }
  });

  it("do not follow a link out of the working folder", async () => {
    const outside = join(bench.state, "outside");
    mkdirSync(outside);
    symlinkSync(outside, join(bench.entered.folder, "answers"));
    expect((await bench.post(at("/answer"), { key: "node", text: "x" })).status).toBe(409);
    rmSync(join(bench.entered.folder, "answers"));
    mkdirSync(join(bench.entered.folder, "answers"));
    symlinkSync(join(outside, "file"), join(bench.entered.folder, "answers/.node.new"));
    expect((await bench.post(at("/answer"), { key: "node", text: "x" })).status).toBe(200);
    expect(existsSync(join(outside, "file"))).toBe(false);
  });
});

describe("reset", () => {
  it("says where the work was saved, ends the session, starts a new one and keeps progress", async () => {
    session().say("service-there", pass());
    const before = session();
    expect(await bench.post(at("/reset"), {})).toEqual({ status: 200, body: { saved: "saved-here" } });
    expect(before.stopped).toBe(true);
    expect(session()).not.toBe(before);
    const page = await bench.page();
    expect((await page.next("hello")).progress[0]).toMatchObject({ earned: 2, passed: ["service-there"] });
  });

  it("waits for the cluster, and tells when it failed", async () => {
    bench.cluster.become("unreachable", "gone");
    expect((await bench.post(at("/reset"), {})).status).toBe(409);
    bench.cluster.become("ready", "back");
    bench.options.deps.resetLab = async () => {
      throw new Error("the namespace does not go away");
    };
    const failed = await bench.post(at("/reset"), {});
    expect([failed.status, failed.body.error]).toEqual([503, "The lab was not reset: the namespace does not go away"]);
    expect((await bench.post(at("/hint"), { check: "share" })).status).toBe(409);
  });
});
