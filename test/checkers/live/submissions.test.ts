import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import { type Check, check } from "../../../checkers/core/check.ts";
import { pass } from "../../../checkers/core/verdict.ts";
import { loadConnection } from "../../../checkers/kube/config.ts";
import { NotFound, Unreachable } from "../../../checkers/kube/errors.ts";
import { type RawResponse, type RequestOptions, Transport } from "../../../checkers/kube/transport.ts";
import { type LoadedLab, loadLabAt } from "../../../checkers/labs.ts";
import { exec } from "../../../checkers/probes/exec.ts";
import { type ClassOptions, gradeClass } from "../../../checkers/submissions/class.ts";
import { defaultClassPolicy } from "../../../checkers/submissions/class-policy.ts";
import { collect } from "../../../checkers/submissions/collect.ts";
import { guards } from "../../../checkers/submissions/guards.ts";
import type { KubeObject } from "../../../checkers/submissions/normalize.ts";
import { resources } from "../../../checkers/submissions/resources.ts";
import { parseRoster } from "../../../checkers/submissions/roster.ts";
import { closeSandbox, fillSandbox, gradingLabel, openSandbox } from "../../../checkers/submissions/sandbox.ts";
import { readState } from "../../../checkers/submissions/state.ts";
import { writeBook } from "../../../checkers/submissions/write-book.ts";
import { pack } from "../submission-kit.ts";
import { ground, until } from "./ground.ts";

const { transport, home, namespace, name, create, kubeconfig } = await ground();
const slug = "27-my-lab";
const lab = await loadLabAt(scaffold(slug, mkdtempSync(join(home, "labs-"))), slug);
const known = await resources(transport);
const signal = new AbortController().signal;

const configMap = (value: string, more: Partial<KubeObject["metadata"]> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "greeting-config", ...more },
  data: { greeting: value },
});

/** A folder of submissions, each of a student of this name, and how to grade it. */
async function handedIn(works: Record<string, readonly KubeObject[]>, of: LoadedLab = lab) {
  const dir = mkdtempSync(join(home, "class-"));
  mkdirSync(join(dir, "in"));
  const out = join(dir, "out");
  mkdirSync(out);
  for (const [who, objects] of Object.entries(works))
    await pack(join(dir, "in", `${who}.tar.gz`), of, { who, objects });
  const roster = parseRoster(
    `id,name,email\n${Object.keys(works)
      .map((who) => `${who},Student ${who},${who}@example.org`)
      .join("\n")}\n`,
  );
  const options: ClassOptions = {
    ...{ dir: join(dir, "in"), out, roster, policy: defaultClassPolicy, labs: [of], resume: false, transport, signal },
  };
  return { options, out, dir };
}
const told = ({ rows }: Awaited<ReturnType<typeof gradeClass>>): Record<string, unknown> =>
  Object.fromEntries(rows.map((row) => [row.student.id, [row.status, row.final, row.grade?.checks[0]?.code ?? ""]]));

/** Namespaces of the grading kept in this folder. */
const left = async (out: string): Promise<number> => {
  const selector = encodeURIComponent(`${gradingLabel}=${readState(out)?.run}`);
  return (await transport.json<{ items: unknown[] }>(`/api/v1/namespaces?labelSelector=${selector}`)).items.length;
};

/** The lab with another check in its place. */
const withCheck = (observe: Check["observe"]): LoadedLab => ({
  ...lab,
  checks: () => ({
    greeting: check({
      title: "G",
      points: 1,
      mode: "observe",
      within: "2s",
      evidence: "state",
      why: "w",
      failures: {},
      observe: observe as never,
    }),
  }),
});

describe("a class's submissions", { timeout: 240_000 }, () => {
  it("are collected from a cluster, re-created in namespaces of their own, graded and removed", async () => {
    const own = await namespace();
    await create(own, "configmaps", configMap("hello"));
    await create(own, "secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "mine" },
      stringData: { key: "value" },
    });
    await create(own, "services", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { type: "NodePort", ports: [{ port: 80 }] },
    });
    const { objects } = await collect(transport, own, lab.facts(own));
    expect(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      "ConfigMap/greeting-config",
      "Secret/mine",
      "Service/web",
    ]);
    expect(JSON.stringify(objects)).not.toMatch(/resourceVersion|managedFields|"uid"|clusterIP|nodePort|status/);

    const { options, out } = await handedIn({ right: objects, wrong: [configMap("goodbye")], nothing: [] });
    const result = await gradeClass(options);
    expect(told(result)).toEqual({
      right: ["graded", 1, ""],
      wrong: ["graded", 0, "differs"],
      nothing: ["graded", 0, "missing"],
    });
    expect(result.remains).toEqual([]);
    expect(await left(out)).toBe(0);
    const files = writeBook(out, result, defaultClassPolicy);
    expect(files.filter((file) => file.startsWith("students/"))).toHaveLength(3);
    expect(readFileSync(join(out, "gradebook.csv"), "utf8")).toContain(
      "wrong,Student wrong,wrong@example.org,27-my-lab,graded,1,0",
    );
    await expect(gradeClass(options)).rejects.toThrow("holds a grading already");
  });

  it("get nothing past the sandbox: other namespaces, webhooks, finalizers", async () => {
    const hook = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "submission-evil" },
      webhooks: [],
    };
    const { options, out } = await handedIn({
      s1: [
        configMap("hello", {
          finalizers: ["example.org/never"],
          ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "x", uid: "1" }],
        }),
        { ...configMap("evil"), metadata: { name: "submission-evil", namespace: "kube-system" } },
        hook,
      ],
    });
    const result = await gradeClass(options);
    expect(told(result)).toEqual({ s1: ["graded", 1, ""] });
    expect(result.rows[0]?.notes.join("\n")).toMatch(
      /another namespace \(kube-system\)[\s\S]*ValidatingWebhookConfiguration/,
    );
    expect(await left(out)).toBe(0);
    for (const path of [
      "/api/v1/namespaces/kube-system/configmaps/submission-evil",
      "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/submission-evil",
    ])
      await expect(transport.json(path)).rejects.toThrow(NotFound);
  });

  it("are graded although one cannot be read, one is of nobody, one is for no lab, and a roster has somebody twice", async () => {
    const { options, dir } = await handedIn({
      s1: [configMap("hello")],
      s2: [configMap("hello")],
      s3: [configMap("hello")],
    });
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(dir, "in", "s2.tar.gz"), "no archive");
    const other: LoadedLab = { ...lab, slug: "28-other" };
    await pack(join(dir, "in", "other.tar.gz"), other, { who: "s1", objects: [] });
    const roster = parseRoster(
      "id,name,email\ns1,A,s1@example.org\ns2,B,s2@example.org\ns4,D,s4@example.org\ns9,X,x@example.org\ns9,Y,y@example.org\n",
    );
    const { rows, unknown } = await gradeClass({ ...options, roster });
    expect(rows.map(({ student, lab: of, status }) => `${student.id} ${of ?? ""} ${status}`)).toEqual([
      "s1 27-my-lab graded",
      "s1 28-other unreadable",
      "s2  unreadable",
      "s2 27-my-lab missing",
      "s4 27-my-lab missing",
      "s9  roster",
      "s9  roster",
    ]);
    expect(unknown).toEqual([{ file: "s3.tar.gz", says: "The roster has no Student s3 <s3@example.org> (s3)." }]);
  });

  it.each<[string, Check["observe"], RegExp]>([
    ["throws", () => Promise.reject(new TypeError("x is undefined")), /could not be looked at/],
    ["hangs", () => new Promise(() => {}), /could not be looked at/],
    ["returns nonsense", async () => ({ state: "maybe" }) as never, /could not be looked at/],
  ])("are incomplete where a checker %s, and the rest is graded", async (_how, observe, says) => {
    const bad: LoadedLab = { ...withCheck(observe), slug: "28-bad", number: "28" };
    const { options, dir } = await handedIn({ s1: [configMap("hello")] });
    await pack(join(dir, "in", "bad.tar.gz"), bad, { who: "s1", objects: [] });
    const { rows } = await gradeClass({ ...options, labs: [lab, bad] });
    expect(rows.map(({ lab: of, status, final }) => [of, status, final])).toEqual([
      ["27-my-lab", "graded", 1],
      ["28-bad", "incomplete", null],
    ]);
    expect(rows[1]?.says).toMatch(says);
  });

  it("are incomplete where a lab cannot even make up its checks, or means other names by them", async () => {
    const broken: LoadedLab = {
      ...lab,
      checks: () => {
        throw new Error("no checks today");
      },
    };
    const { options } = await handedIn({ s1: [configMap("hello")] });
    const first = await gradeClass({ ...options, labs: [broken] });
    expect(first.rows[0]).toMatchObject({ status: "incomplete", final: null });
    expect(first.rows[0]?.says).toContain("no checks today");
    const renamed: LoadedLab = { ...lab, facts: (at, seed) => ({ ...lab.facts(at, seed), configMap: "another" }) };
    const second = await gradeClass({ ...options, labs: [renamed], resume: true });
    expect(second.rows[0]?.says).toContain("its facts differ");
  });
});

/** A connection that dies after so many exchanges, and comes back when told. */
class Breaking extends Transport {
  left = Number.POSITIVE_INFINITY;
  override async raw(path: string, options: RequestOptions = {}): Promise<RawResponse> {
    if (this.left-- <= 0) throw new Unreachable("The connection to the API server broke.");
    return super.raw(path, options);
  }
}

describe("a grading that does not get to its end", { timeout: 240_000 }, () => {
  it("keeps what was graded when the cluster dies, says so, and carries on", async () => {
    const works = Object.fromEntries(["s1", "s2", "s3", "s4"].map((who) => [who, [configMap("hello")]]));
    const { options, out } = await handedIn(works);
    const breaking = new Breaking(await loadConnection({ kubeconfig }));
    const { result, graded } = await (async () => {
      const seen: string[] = [];
      const grading = gradeClass({
        ...options,
        jobs: 1,
        transport: breaking,
        says: (line) => {
          seen.push(line);
          if (line.startsWith("s1 ")) breaking.left = 3;
        },
      });
      return { result: await grading, graded: seen };
    })();
    breaking.close();
    expect(graded.some((line) => line.startsWith("s1 "))).toBe(true);
    expect(result.down).toContain("broke");
    expect(result.left).toBeGreaterThan(0);
    expect(told(result).s1).toEqual(["graded", 1, ""]);
    expect(result.rows.find(({ student }) => student.id === "s4")).toMatchObject({ status: "incomplete", final: null });
    expect(result.rows.find(({ student }) => student.id === "s4")?.says).toContain("--resume");
    const again: string[] = [];
    const whole = await gradeClass({ ...options, resume: true, says: (line) => void again.push(line) });
    expect(told(whole)).toEqual(Object.fromEntries(Object.keys(works).map((who) => [who, ["graded", 1, ""]])));
    expect(again.some((line) => line.startsWith("s1 "))).toBe(false);
    expect(await left(out)).toBe(0);
  });

  it("cleans up on Ctrl-C and carries on where it was", async () => {
    const works = Object.fromEntries(["s1", "s2", "s3", "s4"].map((who) => [who, [configMap("hello")]]));
    const stop = new AbortController();
    const slow = withCheck(async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return pass();
    });
    const { options, out } = await handedIn(works, slow);
    const result = await gradeClass({
      ...options,
      jobs: 1,
      signal: stop.signal,
      says: (line) => line.startsWith("s2 ") && stop.abort(),
    });
    expect(result.left).toBeGreaterThan(0);
    expect(await left(out)).toBe(0);
    expect(Object.keys(readState(out)?.results ?? {}).length).toBe(4 - result.left);
    const whole = await gradeClass({ ...options, resume: true });
    expect(whole.rows.map(({ status }) => status)).toEqual(["graded", "graded", "graded", "graded"]);
  });
});

describe("a sandbox", { timeout: 240_000 }, () => {
  const bounds = { cpu: 4, memory: 8 * 2 ** 30, biggestNode: { cpu: 2, memory: 4 * 2 ** 30 }, nodeAddresses: [] };
  const open = async (own = lab) => {
    const at = name();
    const options = {
      transport,
      namespace: at,
      lab: own,
      run: "test",
      podSecurity: {},
      bounds,
      resources: known,
      signal,
    };
    await openSandbox(options);
    return { at, options };
  };
  const pod = (more: object = {}, container: object = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "a", image: "workbook.local/toolbox:1.0", command: ["sleep", "infinity"], ...container }],
      ...more,
    },
  });

  it("goes away although a finalizer nobody serves holds an object in it", async () => {
    const { at } = await open();
    await create(at, "configmaps", configMap("hello", { finalizers: ["example.org/never"] }));
    await closeSandbox(transport, at, known);
    await expect(transport.json(`/api/v1/namespaces/${at}`)).rejects.toThrow(NotFound);
  });

  it("has no room for a hundred replicas or a thousand ConfigMaps, and refuses what pod security refuses", async () => {
    const { at, options } = await open();
    const spec = { ...(pod().spec as object) };
    const deployment: KubeObject = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "many" },
      // Nowhere to run: what is counted is what is let in.
      spec: {
        replicas: 100,
        selector: { matchLabels: { app: "x" } },
        template: {
          metadata: { labels: { app: "x" } },
          spec: { ...spec, nodeSelector: { "example.org/nowhere": "true" } },
        },
      },
    };
    const failed = await fillSandbox(
      [deployment, { ...pod({ hostNetwork: true }), metadata: { name: "host" } }],
      options,
    );
    expect(failed.map(({ object }) => object)).toEqual(["pod/host"]);
    expect(failed[0]?.why).toContain("PodSecurity");
    const pods = async () => (await transport.json<{ items: unknown[] }>(`/api/v1/namespaces/${at}/pods`)).items.length;
    await until(async () => (await pods()) >= 15, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const [quota] = guards(lab.definition, bounds) as unknown as { spec: { hard: Record<string, string> } }[];
    const most = Number(quota?.spec.hard.pods);
    expect(await pods()).toBeLessThanOrEqual(most);
    expect(most).toBeLessThan(100);
  });

  it("gives a pod that asks for nothing bounds that the kernel holds: memory, CPU, disk", async () => {
    const { at, options } = await open();
    const writes = "head -c 700000000 /dev/zero > /tmp/full; sleep infinity";
    const greedy = {
      ...pod({ restartPolicy: "Never" }, { command: ["sh", "-c", writes] }),
      metadata: { name: "greedy" },
    };
    expect(await fillSandbox([pod(), greedy], options)).toEqual([]);
    const read = (which: string) =>
      transport.json<{
        status?: {
          phase?: string;
          reason?: string;
          message?: string;
          containerStatuses?: { state?: { running?: object } }[];
        };
      }>(`/api/v1/namespaces/${at}/pods/${which}`);
    await until(async () => (await read("p")).status?.containerStatuses?.[0]?.state?.running !== undefined, 90_000);
    // Either generation of control groups.
    const script =
      "cd /sys/fs/cgroup; if [ -e memory.max ]; then cat memory.max cpu.max; else cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us; fi";
    const { stdout } = await exec(transport, { namespace: at, pod: "p" }, ["sh", "-c", script], signal);
    expect(stdout).toMatch(/^536870912\n100000\b/);
    // The kubelet looks every ten seconds or so.
    await until(async () => (await read("greedy")).status?.phase === "Failed", 150_000);
    expect((await read("greedy")).status).toMatchObject({ reason: "Evicted" });
    expect((await read("greedy")).status?.message).toContain("ephemeral");
  });
});
