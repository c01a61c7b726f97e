import { join } from "node:path";
import { chooseNodeImage, type NodeImage } from "./choose-image.ts";
import {
  aptInstall,
  canBeRoot,
  type Engine,
  enoughInotify,
  ensureEngine,
  findEngine,
  hasApt,
  raiseInotify,
} from "./engine.ts";
import type { EnsureOptions } from "./ensure.ts";
import { findGoOrGet } from "./go-toolchain.ts";
import { toHandle } from "./handle.ts";
import { imageSteps, loadInto } from "./images.ts";
import {
  adminKubeconfig,
  adopt,
  type ClusterRecord,
  createCluster,
  deleteCluster,
  nodeContainers,
  nodeStarts,
  readRecord,
  restoreKubeconfig,
  startNodes,
  waitReady,
  writeRecord,
} from "./kind.ts";
import type { Paths } from "./paths.ts";
import { apiAnswers } from "./probe.ts";
import { run, which } from "./run.ts";
import { imageThere, recipe } from "./source/recipe.ts";
import { runSteps, type Step } from "./steps.ts";
import { install, onlineTools, toolFromNode } from "./tools.ts";
import { ClusterError, type ClusterHandle, type ClusterStep, NeedsConsent } from "./types.ts";
import type { Reporter } from "./view.ts";

const lanesOf = (steps: readonly Step[]) => new Map(steps.map((step) => [step.id, step.lane]));
const upcoming = (id: string, title: string, estimate: number): ClusterStep => ({
  id,
  title,
  state: "todo",
  elapsed: 0,
  estimate,
});

/** Runs every step that is missing between this machine as it is and a cluster with the labs' images. */
export async function bringUp(
  at: Paths,
  name: string,
  options: EnsureOptions,
  reporter: Reporter,
): Promise<ClusterHandle> {
  const { signal, yes } = options;
  const log = join(at.log, "cluster.log");
  const durations = join(at.cache, "durations.json");
  let engine: Engine | undefined = await findEngine(signal);
  let record: ClusterRecord | undefined;
  let image: NodeImage | undefined;

  // First: an engine, and whether the node image is at hand. What else there is to do depends on both.
  const first: Step[] = [
    {
      id: "engine",
      title: "Container engine",
      lane: "io",
      estimate: 15_000,
      done: () => engine !== undefined && enoughInotify(),
      run: async ({ detail, signal: stop }) => {
        engine = await ensureEngine({ yes, signal: stop, log, detail });
        await raiseInotify(stop);
      },
    },
    {
      id: "image",
      title: "Look for the node image",
      lane: "io",
      needs: ["engine"],
      estimate: 10_000,
      done: () => false,
      run: async ({ detail, signal: stop }) => {
        // A cluster that is there decides, whatever a new one would be made of.
        record = (await readRecord(at, name)) ?? (await adopt(engine!, name, stop));
        image = await chooseNodeImage({ at, engine: engine!, name, record, log, signal: stop, detail });
      },
    },
  ];
  const later = [
    upcoming("cluster", `Create the cluster "${name}"`, 45_000),
    upcoming("ready", "Wait until every node is ready", 10_000),
  ];
  const firstDone = await runSteps(first, {
    signal,
    durations,
    onChange: (now) => reporter.building([...now, ...later], lanesOf(first)),
  });
  const using = engine!;

  let go = "go";
  const made = recipe({
    cache: at.cache,
    log,
    goCommand: () => go,
    engine: () => using,
    imageThere: (ref) => imageThere(using.command, ref, signal),
  });
  const online = image?.source === "registry";
  const inBin = async (tool: string) => Boolean(await which(tool, at.bin));
  const tools = { kind: join(at.bin, "kind"), kubectl: join(at.bin, "kubectl") };

  // What has to be built: everything without a node image; kind alone where the image is there but its tool is not.
  const built = image
    ? online || (await inBin("kind"))
      ? []
      : made.steps.filter((step) => step.id === "kind")
    : made.steps;
  const makers = imageSteps(options.images ?? [], {
    at,
    engine: using,
    online,
    log,
    needs: online ? [] : ["packages"],
    goCommand: () => go,
  });
  const steps: Step[] = [];
  if (!online) steps.push(packagesStep(yes, log, [...built, ...makers]));
  const needGo = [...built, ...makers].filter((step) => step.needs?.includes("go"));
  if (needGo.length > 0) {
    steps.push({
      id: "go",
      title: "Go compiler",
      lane: "io",
      estimate: 30_000,
      done: () => allDone(needGo),
      run: async ({ detail, signal: stop }) => {
        go = await findGoOrGet({ cache: at.cache, yes, signal: stop, log, detail });
      },
    });
    steps.push(...built.map((step) => ({ ...step, needs: (step.needs ?? []).filter((need) => need !== "engine") })));
  }
  steps.push({
    id: "tools",
    title: "kind and kubectl",
    lane: "io",
    needs: built.map((step) => step.id).filter((id) => id === "kind" || id === "kubectl" || id === "node-image"),
    estimate: 3_000,
    done: async () => image !== undefined && (await inBin("kind")) && (await inBin("kubectl")),
    run: async ({ signal: stop }) => {
      if (online) await onlineTools({ cache: at.cache, bin: at.bin, engine: using, image: image!.ref, signal: stop });
      else {
        if (built.length > 0) await install(at.bin, "kind", made.kind);
        if (!image) await install(at.bin, "kubectl", made.kubectl);
        else await toolFromNode({ cache: at.cache, bin: at.bin, engine: using, image: image.ref, signal: stop });
      }
    },
  });

  const ref = image?.ref ?? made.nodeImage;
  const kubeconfig = adminKubeconfig(at, name);
  let serverVersion = "";
  let nodeNames: string[] = [];
  steps.push(
    {
      id: "cluster",
      title: record?.complete ? `Start the cluster "${name}"` : `Create the cluster "${name}"`,
      lane: "cpu",
      needs: ["tools"],
      estimate: record?.complete ? 5_000 : 45_000,
      done: () => false,
      run: async ({ detail, signal: stop }) => {
        record = await startExisting({ at, name, engine: using, kind: tools.kind, record, log, signal: stop, detail });
        record ??= await createCluster({
          engine: using,
          kind: tools.kind,
          name,
          image: ref,
          source: image?.source ?? "source",
          workers: options.workers ?? 2,
          at,
          log,
          signal: stop,
          detail,
        });
      },
    },
    {
      id: "ready",
      title: "Wait until every node is ready",
      lane: "io",
      needs: ["cluster"],
      estimate: 10_000,
      done: () => false,
      run: async ({ detail, signal: stop }) => {
        const starts = await nodeStarts(using, await nodeContainers(using, name, stop), stop);
        await waitReady({ kubectl: tools.kubectl, kubeconfig, starts, timeout: 300_000, signal: stop, detail });
        const answer = await apiAnswers(kubeconfig, 10_000);
        if (!answer.ok) throw new Error(`The API server stopped answering: ${answer.problem}`);
        serverVersion = answer.version;
        nodeNames = answer.nodes.map((node) => node.name);
        // One is enough for a course, and small machines feel the second.
        const scale = ["-n", "kube-system", "scale", "deployment", "coredns", "--replicas=1"];
        await run(tools.kubectl, ["--kubeconfig", kubeconfig, ...scale], { signal: stop, log, allowFailure: true });
      },
    },
    ...makers,
  );
  if (makers.length > 0) {
    steps.push({
      id: "load",
      title: "Load the labs' images into the nodes",
      lane: "io",
      needs: ["ready", ...makers.map((maker) => maker.id)],
      estimate: 15_000,
      done: () => false,
      run: async ({ detail, signal: stop }) => {
        const handle = await toHandle(at, record!, serverVersion, nodeNames);
        await loadInto(handle, options.images ?? [], { at, signal: stop, detail, log });
      },
    });
  }
  const lanes = lanesOf(steps);
  await runSteps(steps, { signal, durations, onChange: (now) => reporter.building([...firstDone, ...now], lanes) });
  return toHandle(at, record!, serverVersion, nodeNames);
}

/** Starts the nodes of the cluster that is there; undefined when there is none. What an interrupted creation left is deleted. */
async function startExisting(options: {
  at: Paths;
  name: string;
  engine: Engine;
  kind: string;
  record: ClusterRecord | undefined;
  log: string;
  signal: AbortSignal;
  detail: (text: string) => void;
}): Promise<ClusterRecord | undefined> {
  const { at, name, engine, kind, record, log, signal, detail } = options;
  const nodes = await nodeContainers(engine, name, signal);
  if (nodes.length === 0) return undefined;
  if (record?.complete === false) {
    detail("clearing away what an interrupted creation left");
    await deleteCluster(engine, kind, name, log);
    return undefined;
  }
  if (!record || nodes.length !== record.workers + 1) {
    const names = nodes.map((node) => node.name).join(", ");
    throw new ClusterError(
      `The cluster "${name}" is incomplete: of its nodes only ${names} can be found.`,
      "It was left as it is.",
      "Delete it with `./workbook down --delete` and run `./workbook up` again, or choose another name with WORKBOOK_CLUSTER.",
    );
  }
  detail("starting its nodes");
  await startNodes(engine, nodes, signal);
  await restoreKubeconfig(engine, kind, at, name, signal);
  await writeRecord(at, record);
  return record;
}

async function allDone(steps: readonly Step[]): Promise<boolean> {
  for (const step of steps) if (!(await step.done())) return false;
  return true;
}

/** Installs what file systems are made with, if any of `steps` still needs it. */
function packagesStep(yes: boolean, log: string, steps: readonly Step[]): Step {
  const need = steps.filter((step) => step.needs?.includes("packages"));
  return {
    id: "packages",
    title: "Install mmdebstrap",
    lane: "io",
    estimate: 8_000,
    done: async () => Boolean(await which("mmdebstrap")) || (await allDone(need)),
    run: async ({ detail, signal }) => {
      if (!(await hasApt()) || !(await canBeRoot())) {
        throw new ClusterError(
          "No image registry answers, and building images here needs mmdebstrap, Debian or Ubuntu, and root or sudo without a password.",
          "Everything built so far is kept.",
          "Restore access to Docker Hub, import a bundle (`./workbook bundle import FILE`), or use a cluster you have with --context NAME.",
        );
      }
      const would = ["Install the Debian package mmdebstrap with apt-get."];
      if (!yes) throw new NeedsConsent("No image registry answers, so images are built here.", would);
      await aptInstall(["mmdebstrap", "debian-archive-keyring"], { signal, log, detail });
    },
  };
}
