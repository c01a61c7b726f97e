import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { checkCommand } from "../../../checkers/commands/check.ts";
import { hintCommand } from "../../../checkers/commands/hinting.ts";
import type { Io } from "../../../checkers/commands/io.ts";
import { checkLines, labelled, scoreLine, wrap } from "../../../checkers/commands/render.ts";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import type { CheckReport, LabReport } from "../../../checkers/core/report.ts";
import { clusterName } from "../../../cluster/paths.ts";
import { expiredCertificate } from "../certificates.ts";
import { kubeconfigFor, reply, ScriptedServer, status } from "../scripted-server.ts";

const home = mkdtempSync(join(tmpdir(), "workbook-home-"));
const before = process.env.WORKBOOK_HOME;
process.env.WORKBOOK_HOME = home;
afterAll(() => {
  if (before === undefined) delete process.env.WORKBOOK_HOME;
  else process.env.WORKBOOK_HOME = before;
  rmSync(home, { recursive: true, force: true });
});
const labs = [mkdtempSync(join(home, "labs-"))];
scaffold("27-my-lab", labs[0]);

let out: string[] = [];
const io: Io = {
  out: (line = "") => void out.push(line),
  err: () => {},
  style: (_style, text) => text,
  width: 80,
  tty: false,
  report: () => 2,
};
beforeEach(() => {
  out = [];
});

/** Makes this kubeconfig the one of the current cluster. */
const current = (kubeconfig: string): void => {
  const path = join(home, "admin.yaml");
  writeFileSync(path, kubeconfig);
  writeFileSync(join(home, `current-${clusterName()}.json`), JSON.stringify({ provider: "kind", kubeconfig: path }));
};
/** A server with this ConfigMap, or none. */
async function withConfigMap<T>(data: Record<string, string> | undefined, run: () => Promise<T>): Promise<T> {
  const server = new ScriptedServer((stream) =>
    data
      ? reply(stream, { metadata: { name: "greeting-config" }, data })
      : reply(stream, status(404, "not found"), 404),
  );
  await server.start();
  try {
    const { readFileSync } = await import("node:fs");
    current(readFileSync(server.kubeconfig, "utf8"));
    return await run();
  } finally {
    await server.remove();
  }
}

describe("check", () => {
  it("ends with 0 when all passed", async () => {
    expect(await withConfigMap({ greeting: "hello" }, () => checkCommand({ lab: "27", labs }, io))).toBe(0);
    expect(out.join("\n")).toMatch(/✓ passed +ConfigMap greeting-config says hello {2}1 point\n/);
    expect(out.at(-1)).toBe("1 of 1 point, 1 of 1 checks passed");
  });

  it("ends with 1 and says what it saw, what it expected and where to look", async () => {
    expect(await withConfigMap({ greeting: "good day" }, () => checkCommand({ lab: "27", labs }, io))).toBe(1);
    const text = out.join("\n");
    expect(text).toMatch(/✗ not yet/);
    expect(text).toMatch(/expected {2}hello\n +seen {6}good day\n +look {6}kubectl get configmap greeting-config/);
    expect(text).toContain("hint      ./workbook hint 27 greeting  (1 step)");
    expect(text).not.toContain("letter by letter");
  });

  it("prints one JSON document with --json", async () => {
    expect(await withConfigMap(undefined, () => checkCommand({ lab: "27", labs, json: true }, io))).toBe(1);
    expect(JSON.parse(out.join("\n"))).toMatchObject({
      schema: "workbook/lab-report/1",
      lab: "27-my-lab",
      namespace: "lab-27",
      complete: true,
      earned: 0,
      checks: [{ id: "greeting", state: "todo", code: "missing" }],
    });
  });

  it("ends with 2 and no final score when nothing answers", async () => {
    current(kubeconfigFor("https://127.0.0.1:1", "CA"));
    expect(await checkCommand({ lab: "27", labs }, io)).toBe(2);
    const text = out.join("\n");
    expect(text).toMatch(/! could not look/);
    expect(text).toMatch(/refuses connections\s+\(ECONNREFUSED\)/);
    expect(text).toContain("not final");
    expect(text).not.toContain("    at ");
  });

  it.each([
    [
      "an expired kubeconfig",
      () =>
        current(
          kubeconfigFor("https://127.0.0.1:1", "CA", {
            "client-certificate-data": Buffer.from(expiredCertificate).toString("base64"),
          }),
        ),
      "expired on 2020-02-01",
    ],
    ["a broken kubeconfig", () => current("a: [b"), "cannot be parsed"],
    ["no cluster", () => rmSync(join(home, `current-${clusterName()}.json`), { force: true }), "no cluster yet"],
  ])("says what to do about %s", async (_name, arrange, says) => {
    arrange();
    await expect(checkCommand({ lab: "27", labs }, io)).rejects.toMatchObject({
      message: expect.stringContaining(says),
      todo: expect.stringContaining("./workbook up"),
    });
  });

  it("names the checks there are when asked for another", async () => {
    await withConfigMap({}, async () => {
      await expect(checkCommand({ lab: "27", check: "greting", labs }, io)).rejects.toMatchObject({
        todo: "Its checks: greeting.",
      });
    });
  });
});

describe("hint", () => {
  it("gives the next one for what is wrong now, and remembers it", async () => {
    const given: string[] = [];
    const store = {
      shown: () => given.length,
      add: (lab: string, check: string, code: string, step: number) =>
        void given.push(`${lab} ${check} ${code} ${step}`),
    };
    await withConfigMap({ greeting: "good day" }, async () => {
      expect(await hintCommand({ lab: "27", check: "greeting", labs }, io, store)).toBe(0);
    });
    expect(out.join("\n")).toContain("Hint 1 of 1 kubectl get configmap NAME -o yaml");
    expect(given).toEqual(["27-my-lab greeting differs 1"]);
  });

  it("has none for what passes", async () => {
    const store = { shown: () => 0, add: () => {} };
    await withConfigMap({ greeting: "hello" }, async () => {
      expect(await hintCommand({ lab: "27", check: "greeting", labs }, io, store)).toBe(0);
    });
    expect(out.join("\n")).toContain("nothing left to hint at");
  });
});

describe("what is printed", () => {
  it("wraps at the width, and keeps long words whole", () => {
    expect(wrap("one two three four", 9, 2)).toEqual(["  one two", "  three", "  four"]);
    expect(wrap("a-word-that-is-longer b", 5)).toEqual(["a-word-that-is-longer", "b"]);
    expect(labelled("seen", "one two three", 16, 2, 6)).toEqual(["  seen  one two", "        three"]);
  });

  it("fits 40 columns but for commands", () => {
    const check: CheckReport = {
      id: "x",
      title: "Short",
      points: 1,
      earned: 0,
      mode: "observe",
      state: "fail",
      says: "A sentence that is long enough to be wrapped more than once at this width.",
      evidence: [{ expected: "two pods that are ready and serving", actual: "one pod" }],
      hints: 0,
    };
    for (const line of checkLines(check, "27", { ...io, width: 40 })) expect(line.length).toBeLessThanOrEqual(40);
  });

  it("never calls an incomplete score final", () => {
    const report = { points: 2, earned: 1, complete: false, checks: [] } as unknown as LabReport;
    expect(scoreLine(report, io)).toContain("not final");
  });
});
