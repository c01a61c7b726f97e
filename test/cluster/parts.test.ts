import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { missingCapabilities, runtimeWrapper } from "../../cluster/capability.ts";
import {
  judgeCapabilities,
  judgeCluster,
  judgeDisk,
  judgeFiles,
  judgeInotify,
  judgeMemory,
  judgeNode,
} from "../../cluster/doctor.ts";
import { imagesOf } from "../../cluster/images.ts";
import { freePort, kindConfig, notReady, readRecord } from "../../cluster/kind.ts";
import { clusterName, paths } from "../../cluster/paths.ts";
import { apiAnswers, target } from "../../cluster/probe.ts";
import { CommandError, run } from "../../cluster/run.ts";
import { writeImages, writeLayer } from "../../cluster/source/archive.ts";
import { stagingReplaces } from "../../cluster/source/kubernetes.ts";
import { containerdConfig, containerdUnit } from "../../cluster/source/node-image.ts";
import { moduleReplaces } from "../../cluster/source/programs.ts";
import { recipe } from "../../cluster/source/recipe.ts";
import { runSteps } from "../../cluster/steps.ts";
import { atLeast, fits, parseGoVersion } from "../../cluster/tools.ts";
import { arch, registryNodeImage, versions } from "../../cluster/versions.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workbook-cluster-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("paths", () => {
  it("follows XDG, makes private folders, and ignores relative values", () => {
    const at = paths({ HOME: folder, XDG_STATE_HOME: "relative", XDG_CACHE_HOME: join(folder, "c") });
    expect(at.cache).toBe(join(folder, "c/workbook"));
    expect(at.kube).toBe(join(folder, ".local/state/workbook/kube"));
    expect(statSync(at.kube).mode & 0o777).toBe(0o700);
  });

  it("puts state where WORKBOOK_HOME says and tightens what was too open", () => {
    const home = join(folder, "home");
    mkdirSync(home, { mode: 0o755 });
    const at = paths({ HOME: folder, WORKBOOK_HOME: home });
    expect(at.db).toBe(join(home, "workbook.db"));
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  it.each([["../x"], ["Upper"], ["a b"], ["-a"]])("refuses %s as a cluster's name", (name) => {
    expect(() => clusterName({ WORKBOOK_CLUSTER: name })).toThrow("WORKBOOK_CLUSTER");
  });
});

describe("capabilities", () => {
  const status = (bits: bigint) => `Name:\tnode\nCapBnd:\t${bits.toString(16).padStart(16, "0")}\n`;
  const all = (1n << 41n) - 1n;

  it("sees none missing on an ordinary machine", () => expect(missingCapabilities(status(all), "40\n")).toEqual([]));
  it("sees the one a sandbox lacks", () =>
    expect(missingCapabilities(status(all & ~(1n << 24n)), "40\n")).toEqual(["CAP_SYS_RESOURCE"]));
  it("doesn't miss what an older kernel never had", () =>
    expect(missingCapabilities(status((1n << 38n) - 1n), "37\n")).toEqual([]));
  it("claims nothing where it can't look", () => expect(missingCapabilities("", "")).toEqual([]));

  it("removes exactly the missing capability from the bundle and the process file, then runs the real runtime", () => {
    const runc = join(folder, "runc");
    writeFileSync(runc, `#!/bin/sh\nprintf '%s\\n' "$@" > ${folder}/arguments\n`);
    const wrapper = join(folder, "wrapper");
    writeFileSync(wrapper, runtimeWrapper(runc, ["CAP_SYS_RESOURCE"]));
    chmodSync(runc, 0o755);
    chmodSync(wrapper, 0o755);
    const lists = [
      ["CAP_SYS_RESOURCE"],
      ["CAP_CHOWN", "CAP_SYS_RESOURCE"],
      ["CAP_SYS_RESOURCE", "CAP_KILL"],
      ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_KILL"],
    ];
    for (const indent of [0, 2]) {
      const bundle = join(folder, `bundle ${indent}`);
      mkdirSync(bundle);
      writeFileSync(join(bundle, "config.json"), JSON.stringify({ lists }, undefined, indent));
      execFileSync(wrapper, ["--root", "/run", "create", "--bundle", bundle, "--pid-file", "p", "id"]);
      expect(JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"))).toEqual({
        lists: [[], ["CAP_CHOWN"], ["CAP_KILL"], ["CAP_CHOWN", "CAP_KILL"]],
      });
    }
    const process = join(folder, "process.json");
    writeFileSync(process, JSON.stringify({ bounding: lists[3] }));
    execFileSync(wrapper, ["exec", `--process=${process}`, "id"]);
    expect(JSON.parse(readFileSync(process, "utf8"))).toEqual({ bounding: ["CAP_CHOWN", "CAP_KILL"] });
    expect(readFileSync(join(folder, "arguments"), "utf8")).toBe(`exec\n--process=${process}\nid\n`);
  });

  it("writes no script from unexpected names", () => {
    expect(() => runtimeWrapper("/usr/bin/runc; rm -rf /", ["CAP_BPF"])).toThrow("unusual");
    expect(() => runtimeWrapper("/usr/bin/runc", ["CAP_BPF/;w x"])).toThrow("no capability");
  });
});

describe("kind's configuration", () => {
  const config = (missing: string[], ownImages: boolean) =>
    parse(
      kindConfig({ name: "w", workers: 2, apiPort: 26443, hostPorts: [30090, 30081, 30082], ownImages, missing }),
    ) as {
      featureGates?: object;
      networking: object;
      kubeadmConfigPatches: string[];
      nodes: {
        role: string;
        extraPortMappings?: { containerPort: number; hostPort: number; listenAddress: string }[];
      }[];
    };

  it("publishes NodePorts on the loopback alone and keeps the API server's port", () => {
    const { nodes, networking } = config([], false);
    expect(nodes.map((node) => node.role)).toEqual(["control-plane", "worker", "worker"]);
    expect(nodes[0]?.extraPortMappings).toContainEqual(
      expect.objectContaining({ containerPort: 30080, hostPort: 30090 }),
    );
    expect(new Set(nodes[0]?.extraPortMappings?.map((mapping) => mapping.listenAddress))).toEqual(
      new Set(["127.0.0.1"]),
    );
    expect(networking).toMatchObject({
      kubeProxyMode: "nftables",
      ipFamily: "ipv4",
      apiServerPort: 26443,
      apiServerAddress: "127.0.0.1",
    });
  });

  it("asks for the user-namespace mode only where a capability is missing", () => {
    expect(config([], false).featureGates).toBeUndefined();
    expect(config(["CAP_SYS_RESOURCE"], true).featureGates).toEqual({ KubeletInUserNamespace: true });
  });

  it("names our own repository only for images built here", () => {
    expect(config([], false).kubeadmConfigPatches.join()).not.toContain("imageRepository");
    expect(config([], true).kubeadmConfigPatches.join()).toContain("imageRepository: workbook.local");
  });
});

describe("the record of a cluster", () => {
  const at = paths({ WORKBOOK_HOME: mkdtempSync(join(tmpdir(), "workbook-record-")) });
  const kept = (record: object): void => writeFileSync(join(at.state, "cluster-w.json"), JSON.stringify(record));

  it("keeps all ports; of one that was written when the first alone was kept, that one", async () => {
    kept({ name: "w", hostPorts: [30090, 30081, 30082], complete: true });
    expect(await readRecord(at, "w")).toEqual({ name: "w", hostPorts: [30090, 30081, 30082], complete: true });
    kept({ name: "w", hostPort: 30090, complete: true });
    expect(await readRecord(at, "w")).toEqual({ name: "w", hostPorts: [30090], complete: true });
  });
  it.each([{}, { name: "another", hostPorts: [30080] }, { name: "w" }])("is none where it says %j", async (record) => {
    kept(record);
    expect(await readRecord(at, "w")).toBeUndefined();
  });
});

describe("notReady", () => {
  const at = Date.parse("2026-01-01T00:00:10Z");
  const starts = new Map([
    ["plane", at],
    ["worker", at],
  ]);
  const nodes = {
    items: ["plane", "worker"].map((name) => ({
      metadata: { name },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    })),
  };
  const leases = (time: string) => ({
    items: ["plane", "worker"].map((name) => ({ metadata: { name }, spec: { renewTime: time } })),
  });
  const pods = (time: string) => ({
    items: ["plane", "worker", "plane"].map((nodeName, i) => ({
      metadata: { name: `p${i}` },
      spec: { nodeName },
      status: { podIP: `10.244.0.${i}`, containerStatuses: [{ ready: true, state: { running: { startedAt: time } } }] },
    })),
  });
  const dns = (...endpoints: { addresses: string[]; conditions?: { ready: boolean } }[]) => ({
    items: [{ endpoints }],
  });
  const right = dns({ addresses: ["10.244.0.2"], conditions: { ready: true } });
  const before = "2026-01-01T00:00:01Z";
  const after = "2026-01-01T00:00:12.5Z";

  it("is satisfied when everything has reported since the nodes started", () =>
    expect(notReady(nodes, leases(after), pods(after), right, starts)).toBeUndefined());
  it("doesn't believe what was so before a restart", () => {
    expect(notReady(nodes, leases(before), pods(after), right, starts)).toBe("0 of 2 nodes are ready");
    expect(notReady(nodes, leases(after), pods(before), right, starts)).toContain("DNS and Services are starting");
  });
  it("waits until DNS leads to the pods that run now, and to no others", () => {
    const missing = (slices: typeof right) => notReady(nodes, leases(after), pods(after), slices, starts);
    const says = "all nodes are ready, the DNS Service does not lead to its pods yet";
    expect(missing(dns())).toBe(says);
    expect(missing(dns({ addresses: ["10.244.0.9"] }))).toBe(says);
    expect(missing(dns(...(right.items[0]?.endpoints ?? []), { addresses: ["10.244.0.9"] }))).toBe(says);
    expect(missing(dns({ addresses: ["10.244.0.2"], conditions: { ready: false } }))).toBe(says);
  });
  it("waits for a node that hasn't joined", () => {
    expect(notReady({ items: nodes.items.slice(1) }, leases(after), pods(after), right, starts)).toBe(
      "1 of 2 nodes are ready",
    );
  });
});

describe("from source", () => {
  it("replaces each staging module by its release", () => {
    const goMod =
      "require k8s.io/api v0.0.0\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n\tk8s.io/kms => ./staging/src/k8s.io/kms\n\tx.io/y => z.io/y v1.2.3\n)\n";
    expect(stagingReplaces(goMod, "v1.34.4")).toEqual([
      "k8s.io/api => k8s.io/api v0.34.4",
      "k8s.io/kms => k8s.io/kms v0.34.4",
    ]);
  });

  it("waits for the node's file system, though the control plane's images are packed from before", async () => {
    const cache = mkdtempSync(join(tmpdir(), "workbook-recipe-"));
    const { steps } = recipe({
      cache,
      log: join(cache, "log"),
      goCommand: () => "go",
      engine: () => {
        throw new Error("not asked for");
      },
      imageThere: async () => false,
    });
    const ran: string[] = [];
    const external = ["go", "packages", "engine"].map((id) => ({ id, title: id, needs: [] }));
    const ends = await runSteps(
      [...external, ...steps].map(({ id, title, needs }) => ({
        id,
        title,
        needs,
        lane: "io" as const,
        estimate: 1,
        done: () => !["rootfs", "node-image"].includes(id),
        run: async () => {
          ran.push(id);
          await setTimeout(id === "rootfs" ? 20 : 0);
          ran.push(`${id} made`);
        },
      })),
      { signal: new AbortController().signal },
    );
    rmSync(cache, { recursive: true });
    expect(ends.every((step) => step.state === "done")).toBe(true);
    expect(ran).toEqual(["rootfs", "rootfs made", "node-image", "node-image made"]);
  });

  it("points containerd at our pause image and stops when kind's file isn't what it knows", () => {
    const text = 'version = 2\nsandbox_image = "registry.k8s.io/pause:3.10"\nrestrict_oom_score_adj = false\n';
    const changed = containerdConfig(text);
    expect(changed).toContain(`sandbox_image = "workbook.local/pause:${versions.pauseTag}"`);
    expect(changed).toContain("restrict_oom_score_adj = true");
    expect(changed).toContain("required_plugins");
    expect(() => containerdConfig("version = 3\n")).toThrow("not as expected");
  });

  it("removes from containerd's unit what needs a capability", () => {
    expect(
      containerdUnit("[Service]\nExecStart=/x\nLimitNOFILE=infinity\nOOMScoreAdjust=-999\nTasksMax=infinity\n"),
    ).toBe("[Service]\nExecStart=/x\nTasksMax=infinity\n");
  });

  it("is the same Kubernetes minor as the image from the registry, which is named by digest", () => {
    expect(registryNodeImage).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(fits(/:(v[\d.]+)@/.exec(registryNodeImage)?.[1] ?? "", versions.kubernetes)).toBe(true);
    expect(registryNodeImage).toContain(versions.kubernetes.replace(/\.\d+$/, "."));
  });

  it("packs the same files as the same image, with a checksum for each layer", async () => {
    const root = join(folder, "root");
    mkdirSync(join(root, "bin"), { recursive: true });
    writeFileSync(join(root, "bin/hello"), "hello\n");
    const pack = async (name: string) => {
      const layer = join(folder, `${name}.layer`);
      const archive = join(folder, `${name}.tar`);
      await writeLayer(layer, root);
      const config = { entrypoint: ["/bin/hello"], user: "10001", exposedPorts: [8080] };
      await writeImages(archive, {
        arch: "amd64",
        layers: [layer],
        images: [
          { ref: "workbook.local/a:1", config },
          { ref: "workbook.local/a:2", config },
        ],
      });
      const entry = (file: string) =>
        JSON.parse(execFileSync("tar", ["-xOf", archive, file], { encoding: "utf8" })) as never;
      return { layer, archive, entry };
    };
    const first = await pack("first");
    const manifest = first.entry("manifest.json") as { Config: string; RepoTags: string[]; Layers: string[] }[];
    expect(manifest.map((image) => image.RepoTags)).toEqual([["workbook.local/a:1"], ["workbook.local/a:2"]]);
    const config = first.entry(manifest[0]!.Config) as { config: object; rootfs: { diff_ids: string[] } };
    const digest = execFileSync("sha256sum", [first.layer], { encoding: "utf8" }).slice(0, 64);
    expect(config.rootfs.diff_ids).toEqual([`sha256:${digest}`]);
    expect(config.config).toMatchObject({ User: "10001", ExposedPorts: { "8080/tcp": {} } });
    const inside = execFileSync(
      "sh",
      ["-c", `tar -xOf ${first.archive} ${manifest[0]!.Layers[0]} | gzip -d | sha256sum`],
      { encoding: "utf8" },
    );
    expect(inside.slice(0, 64)).toBe(digest);
    const second = await pack("second");
    expect(second.entry("manifest.json")).toEqual(manifest);
    expect(existsSync(`${first.archive}.d`)).toBe(false);
  });
});

describe("tools", () => {
  it.each([
    ["v1.33.0", "v1.34.4", true],
    ["v1.35.1+k3s1", "v1.34.4", true],
    ["v1.32.9", "v1.34.4", false],
    ["", "v1.34.4", false],
  ])("kubectl %s for a cluster of %s: %s", (client, server, ok) => expect(fits(client, server)).toBe(ok));

  it("repeats a module's replacements by other modules, and none by its own folders", () => {
    const goMod = [
      "module example.org/proxy",
      "replace example.org/own => ./own",
      "replace example.org/one => example.org/fork v1.2.3",
      "replace (",
      "\texample.org/two v0.1.0 => example.org/fork2 v0.0.0-20200324110947-a37a7636d23e",
      "\texample.org/three => ../three",
      ")",
      "require (",
      "\texample.org/four v1.0.0",
      ")",
    ];
    expect(moduleReplaces(goMod.join("\n"))).toEqual([
      "example.org/one => example.org/fork v1.2.3",
      "example.org/two v0.1.0 => example.org/fork2 v0.0.0-20200324110947-a37a7636d23e",
    ]);
  });

  it("reads Go's version", () => {
    expect(parseGoVersion("go version go1.26.8 linux/amd64")).toEqual([1, 26, 8]);
    expect(parseGoVersion("go version go1.27rc1 linux/amd64")).toEqual([1, 27, 0]);
    expect(parseGoVersion("go: not found")).toBeUndefined();
    expect(atLeast([1, 9], [1, 24])).toBe(false);
    expect(atLeast([2, 0], [1, 24])).toBe(true);
    expect(atLeast([1, 26, 3], [1, 26, 4])).toBe(false);
    expect(atLeast([1, 26, 4], [1, 26, 4])).toBe(true);
    expect(atLeast([1, 27, 0], [1, 26, 4])).toBe(true);
  });

  it("refuses architectures nothing is pinned for", () => expect(() => arch("ia32")).toThrow("x86-64 or arm64"));
  it("refuses images it doesn't make", () => {
    expect(() => imagesOf(["workbook.local/unknown:1.0"])).toThrow("makes no image");
    expect(() => imagesOf(["docker.io/toolbox:1.0"])).toThrow("makes no image");
    expect(imagesOf(["workbook.local/ml-inference:1.0", "workbook.local/ml-inference:2.0"])).toHaveLength(1);
  });
});

describe("doctor", () => {
  const GiB = 1024 ** 3;
  const now = { source: "own:2", registry: "kindest/node:2" };
  const made = (source: "source" | "registry" | "bundle", image: string, complete = true) => ({
    source,
    image,
    complete,
  });
  it.each([
    [judgeMemory(2 * GiB, GiB), "bad"],
    [judgeMemory(8 * GiB, GiB), "warn"],
    [judgeMemory(8 * GiB, 4 * GiB), "ok"],
    [judgeDisk(GiB, "/x", false), "bad"],
    [judgeDisk(8 * GiB, "/x", false), "warn"],
    [judgeDisk(8 * GiB, "/x", true), "ok"],
    [judgeCluster(undefined, now), "ok"],
    [judgeCluster(made("source", "own:2"), now), "ok"],
    [judgeCluster(made("source", "own:1"), now), "warn"],
    [judgeCluster(made("source", "own:1", false), now), "ok"],
    [judgeCluster(made("registry", "kindest/node:2"), now), "ok"],
    [judgeCluster(made("registry", "kindest/node:1"), now), "warn"],
    [judgeCluster(made("bundle", "elsewhere:1"), now), "ok"],
    [judgeInotify(128, 524_288), "warn"],
    [judgeInotify(1024, 524_288), "ok"],
    [judgeFiles("Max open files            1024                 1024                 files\n"), "warn"],
    [judgeFiles("Max open files            1024                 unlimited            files\n"), "ok"],
    [judgeCapabilities(["CAP_SYS_RESOURCE"], false), "warn"],
    [judgeCapabilities(["CAP_SYS_RESOURCE"], true), "ok"],
    [judgeNode("v20.20.2"), "bad"],
    [judgeNode("v24.1.0"), "ok"],
  ])("finds %o", (finding, state) => {
    expect(finding.state).toBe(state);
    // Whoever reads of a problem reads what to do about it.
    expect(finding.remedy !== "").toBe(state !== "ok");
  });
});

describe("run", () => {
  it("tells the end of what a failing command said", async () => {
    const failing = run("sh", ["-c", "echo fine; echo broken pipe of some kind >&2; exit 3"]);
    await expect(failing).rejects.toThrow(CommandError);
    await expect(failing).rejects.toMatchObject({
      code: 3,
      message: expect.stringContaining("broken pipe of some kind"),
    });
  });

  it("ends a command that takes too long, with its children", async () => {
    await expect(run("sh", ["-c", "sleep 60 & wait"], { timeout: 200 })).rejects.toMatchObject({ code: 124 });
  });

  it("says when there is no such command", () =>
    expect(run("no-such-command", [])).rejects.toMatchObject({ code: 127 }));

  it("feeds a file and gives the lines as they come", async () => {
    const file = join(folder, "input");
    writeFileSync(file, "one\ntwo\n");
    const lines: string[] = [];
    await run("cat", [], { inputFile: file, onLine: (line) => lines.push(line) });
    expect(lines).toEqual(["one", "two"]);
  });
});

describe("probe", () => {
  it("reads the current context of a kubeconfig, written as YAML or JSON", () => {
    const config = {
      "current-context": "b",
      contexts: [
        { name: "a", context: { cluster: "x", user: "x" } },
        { name: "b", context: { cluster: "c", user: "u" } },
      ],
      clusters: [
        {
          name: "c",
          cluster: {
            server: "https://127.0.0.1:1",
            "certificate-authority-data": Buffer.from("CA").toString("base64"),
          },
        },
      ],
      users: [{ name: "u", user: { token: "t" } }],
    };
    expect(target(JSON.stringify(config))).toMatchObject({
      server: "https://127.0.0.1:1",
      token: "t",
      ca: Buffer.from("CA"),
    });
    expect(target("{}")).toBeUndefined();
  });

  it("gives up in time on an API server that accepts and says nothing", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const file = join(folder, "config");
    writeFileSync(
      file,
      JSON.stringify({
        "current-context": "a",
        contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
        clusters: [{ name: "a", cluster: { server: `https://127.0.0.1:${port}` } }],
      }),
    );
    const started = performance.now();
    const answer = await apiAnswers(file, 200);
    expect(answer.ok).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
    server.close();
  });

  it("says so when there is no kubeconfig", async () => {
    expect(await apiAnswers(join(folder, "none"), 200)).toMatchObject({
      ok: false,
      problem: expect.stringContaining("ENOENT"),
    });
  });

  it("sees a port that is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect(await freePort(port)).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
    expect(await freePort(port)).toBe(port);
  });
});
