import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { diskFull } from "./artifact.ts";
import { importedImage } from "./bundle.ts";
import { contextHandle } from "./context.ts";
import { rememberCurrent } from "./current.ts";
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
import { findGoOrGet } from "./go-toolchain.ts";
import { imageSteps, loadInto } from "./images.ts";
import {
  adminKubeconfig,
  adopt,
  type ClusterRecord,
  clusterLock,
  createCluster,
  deleteCluster,
  nodeContainers,
  nodeStarts,
  plainKubeconfig,
  readRecord,
  restoreKubeconfig,
  startNodes,
  waitReady,
  writeRecord,
} from "./kind.ts";
import { lock } from "./lock.ts";
import { clusterName, type Paths, paths } from "./paths.ts";
import { apiAnswers } from "./probe.ts";
import { pullNodeImage } from "./registry.ts";
import { run, which } from "./run.ts";
import { imageThere, type Recipe, recipe } from "./source/recipe.ts";
import { runSteps, type Step, summarize } from "./steps.ts";
import { install, onlineTools } from "./tools.ts";
import {
  ClusterError,
  type ClusterHandle,
  type ClusterStep,
  type ClusterView,
  type ImageSource,
  NeedsConsent,
  type Provider,
} from "./types.ts";
import { imagePrefix, registryNodeImage } from "./versions.ts";

export interface EnsureOptions {
  /** Overrides the choice; "context" needs `context`. */
  provider?: Provider;
  /** Name of an existing kubeconfig context. */
  context?: string;
  /** Worker nodes beside the control plane, when the cluster is created. Default 2. */
  workers?: number;
  /** Whether software may be installed without asking. */
  yes: boolean;
  signal: AbortSignal;
  /** Called with every change, at most about once a second while something runs. */
  onView?: (view: ClusterView) => void;
  log?: (line: string) => void;
  /** Images of workbook.local the labs need, made and loaded along the way. */
  images?: readonly string[];
}

/** Reports the view of one run: which state, which steps. */
class Reporter {
  readonly #show: (view: ClusterView) => void;
  readonly #since = new Date().toISOString();
  #steps: ClusterStep[] = [];
  #lanes = new Map<string, Step["lane"]>();

  constructor(show: (view: ClusterView) => void) {
    this.#show = show;
  }

  lanes(steps: readonly Step[]): void {
    this.#lanes = new Map(steps.map((step) => [step.id, step.lane]));
  }

  building(steps: ClusterStep[]): void {
    this.#steps = steps;
    const { progress, remaining } = summarize(steps, this.#lanes);
    const running = steps.filter((step) => step.state === "running");
    const summary = running.length > 0 ? running.map((step) => step.title).join("; ") : "Preparing the cluster";
    this.#show({ state: "building", summary, provider: "kind", steps, progress, remaining, since: this.#since });
  }

  ready(handle: ClusterHandle): void {
    this.#show({
      state: "ready",
      summary: `Ready: Kubernetes ${handle.serverVersion}, ${handle.nodes.length} nodes`,
      provider: handle.provider,
      version: handle.serverVersion,
      nodes: handle.nodes.length,
      steps: this.#steps,
      progress: 1,
      remaining: 0,
      since: new Date().toISOString(),
    });
  }
}

/**
 * Makes sure there is a cluster that answers, with the images the labs need, and returns how to reach it. What exists is
 * found and reused, what is stopped is started, what is missing is pulled or built. Throws NeedsConsent before anything is
 * installed without `yes`, ClusterError with what to do, or the signal's reason; a second call carries on where the first stopped.
 */
export async function ensureCluster(options: EnsureOptions): Promise<ClusterHandle> {
  const at = paths();
  options.signal.throwIfAborted();
  const reporter = new Reporter(options.onView ?? (() => {}));
  if (options.provider === "context" || options.context !== undefined) {
    const handle = await contextHandle(at, options);
    rememberCurrent(at, handle);
    reporter.ready(handle);
    return handle;
  }
  const name = clusterName();
  const there = await existing(at, name, options);
  if (there) {
    rememberCurrent(at, there);
    reporter.ready(there);
    return there;
  }
  const release = lock(clusterLock(at, name), `preparing the cluster "${name}"`);
  try {
    const handle = await bringUp(at, name, options, reporter);
    rememberCurrent(at, handle);
    reporter.ready(handle);
    return handle;
  } catch (error) {
    throw diskFull(error, at.cache);
  } finally {
    release();
  }
}

async function toHandle(
  at: Paths,
  record: ClusterRecord,
  serverVersion: string,
  nodes: string[],
): Promise<ClusterHandle> {
  const kubeconfig = adminKubeconfig(at, record.name);
  await plainKubeconfig(kubeconfig);
  return {
    provider: "kind",
    name: record.name,
    kubeconfig,
    bin: at.bin,
    serverVersion,
    nodes,
    nodePort: { container: 30080, host: record.hostPort },
    source: record.source,
    engine: record.engine,
    // kindest/node brings an enforcer along; the network of our own node image does not.
    networkPolicy: !record.image.startsWith(`${imagePrefix}/`),
  };
}

/** The cluster as it is, if it answers with all its nodes and images: nothing has to be done then. */
async function existing(at: Paths, name: string, options: EnsureOptions): Promise<ClusterHandle | undefined> {
  const record = await readRecord(at, name);
  if (!record?.complete) return undefined;
  const answer = await apiAnswers(adminKubeconfig(at, name), 1500);
  if (!answer.ok || !(await which("kubectl", at.bin))) return undefined;
  if (answer.nodes.length < record.workers + 1 || answer.nodes.some((node) => !node.ready)) return undefined;
  const handle = await toHandle(
    at,
    record,
    answer.version,
    answer.nodes.map((node) => node.name),
  );
  const missing = await loadInto(handle, options.images ?? [], { at, signal: options.signal, checkOnly: true });
  return missing.length === 0 ? handle : undefined;
}

async function bringUp(at: Paths, name: string, options: EnsureOptions, reporter: Reporter): Promise<ClusterHandle> {
  const { signal, yes } = options;
  const log = join(at.log, "cluster.log");
  const durations = join(at.cache, "durations.json");
  mkdirSync(at.cache, { recursive: true });
  let engine: Engine | undefined = await findEngine(signal);
  let record = await readRecord(at, name);
  // The image of a cluster that is there decides, whatever a new one would be made of.
  if (!record && engine) record = await adopt(engine, name, signal);
  let image: { ref: string; source: ImageSource } | undefined;

  // First: an engine, and whether the node image is at hand. What has to be done depends on both.
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
        image = await findImage(at, engine!, record, log, stop, detail);
      },
    },
  ];
  reporter.lanes(first);
  const firstDone = await runSteps(first, { signal, durations, onChange: (steps) => reporter.building(steps) });
  const using = engine!;

  let made: Recipe | undefined;
  let go = "go";
  const tools = { kind: join(at.bin, "kind"), kubectl: join(at.bin, "kubectl") };
  const steps: Step[] = [];
  const packages: Step = {
    id: "packages",
    title: "Install mmdebstrap",
    lane: "io",
    estimate: 8_000,
    done: async () => Boolean(await which("mmdebstrap")),
    run: async ({ detail, signal: stop }) => {
      await needs(yes, "mmdebstrap");
      await aptInstall(["mmdebstrap", "debian-archive-keyring"], { signal: stop, log, detail });
    },
  };
  if (image) {
    const found = image;
    steps.push({
      id: "tools",
      title: "kind and kubectl",
      lane: "io",
      estimate: 10_000,
      done: async () => Boolean(await which("kind", at.bin)) && Boolean(await which("kubectl", at.bin)),
      run: async ({ signal: stop }) => {
        if (found.source === "registry")
          await onlineTools({ cache: at.cache, bin: at.bin, engine: using, image: found.ref, signal: stop });
      },
    });
  }
  if (image?.source !== "registry") {
    made = recipe({
      cache: at.cache,
      log,
      goCommand: () => go,
      engine: () => using,
      imageThere: (ref) => imageThere(using.command, ref, signal),
    });
    const recipeSteps = made;
    steps.push(packages, {
      id: "go",
      title: "Go compiler",
      lane: "io",
      estimate: 30_000,
      done: async () => recipeSteps.steps.length > 0 && (await allDone(recipeSteps.steps)),
      run: async ({ detail, signal: stop }) => {
        go = await findGoOrGet({ cache: at.cache, yes, signal: stop, log, detail });
      },
    });
    steps.push(
      ...made.steps.map((step) => ({ ...step, needs: (step.needs ?? []).filter((need) => need !== "engine") })),
    );
  }
  const nodeRef = image?.ref ?? made!.nodeImage;
  const source: ImageSource = image?.source ?? "source";
  const kubeconfig = adminKubeconfig(at, name);
  let serverVersion = "";
  let nodeNames: string[] = [];
  const cluster: Step = {
    id: "cluster",
    title: `Create the cluster "${name}"`,
    lane: "cpu",
    needs: [image ? "tools" : "node-image"],
    estimate: 45_000,
    done: () => false,
    run: async ({ detail, signal: stop }) => {
      if (made) {
        await install(at.bin, "kind", made.kind);
        await install(at.bin, "kubectl", made.kubectl);
      }
      let nodes = await nodeContainers(using, name, stop);
      if (nodes.length > 0 && record?.complete === false) {
        detail("clearing away what an interrupted creation left");
        await deleteCluster(using, tools.kind, name, log);
        nodes = [];
      }
      if (nodes.length > 0) {
        record = record?.complete ? record : await adopt(using, name, stop);
        if (!record || nodes.length !== record.workers + 1) {
          throw new ClusterError(
            `The cluster "${name}" is incomplete: there ${nodes.length === 1 ? "is" : "are"} ${nodes.map((node) => node.name).join(", ")}.`,
            "It was left as it is.",
            "Delete it with `./workbook down --purge` and run `./workbook up` again, or choose another name with WORKBOOK_CLUSTER.",
          );
        }
        detail("starting its nodes");
        await startNodes(using, nodes, stop);
        await restoreKubeconfig(using, tools.kind, at, name, stop);
        await writeRecord(at, record);
      } else {
        record = await createCluster({
          engine: using,
          kind: tools.kind,
          name,
          image: nodeRef,
          source,
          workers: options.workers ?? 2,
          at,
          log,
          signal: stop,
          detail,
        });
      }
    },
  };
  const ready: Step = {
    id: "ready",
    title: "Wait until every node is ready",
    lane: "io",
    needs: ["cluster"],
    estimate: 20_000,
    done: () => false,
    run: async ({ detail, signal: stop }) => {
      const starts = await nodeStarts(using, await nodeContainers(using, name, stop), stop);
      await waitReady({ kubectl: tools.kubectl, kubeconfig, starts, timeout: 300_000, signal: stop, detail });
      const answer = await apiAnswers(kubeconfig, 10_000);
      if (!answer.ok) throw new Error(`The API server stopped answering: ${answer.problem}`);
      serverVersion = answer.version;
      nodeNames = answer.nodes.map((node) => node.name);
      await run(
        tools.kubectl,
        ["--kubeconfig", kubeconfig, "-n", "kube-system", "scale", "deployment", "coredns", "--replicas=1"],
        {
          signal: stop,
          log,
          allowFailure: true,
        },
      );
    },
  };
  steps.push(cluster, ready);
  const makers = imageSteps(options.images ?? [], {
    at,
    engine: using,
    online: source === "registry",
    log,
    needs: source === "registry" ? [] : ["packages"],
  });
  if (source === "registry" || !steps.includes(packages))
    for (const maker of makers) maker.needs = (maker.needs ?? []).filter((need) => need !== "packages");
  steps.push(...makers);
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
  reporter.lanes(steps);
  await runSteps(steps, { signal, durations, onChange: (now) => reporter.building([...firstDone, ...now]) });
  return toHandle(at, record!, serverVersion, nodeNames);
}

async function allDone(steps: readonly Step[]): Promise<boolean> {
  for (const step of steps) if (!(await step.done())) return false;
  return true;
}

/** Consent and the means to install a Debian package. */
async function needs(yes: boolean, name: string): Promise<void> {
  if (!(await hasApt()) || !(await canBeRoot())) {
    throw new ClusterError(
      `No image registry answers, and building the node image here needs ${name}, Debian or Ubuntu, and root or sudo without a password.`,
      "Everything built so far is kept.",
      "Restore access to Docker Hub, import a bundle (`./workbook bundle import FILE`), or use a cluster you have with --context NAME.",
    );
  }
  if (!yes)
    throw new NeedsConsent("No image registry answers, so the node image is built here.", [
      `Install the Debian package ${name} with apt-get.`,
    ]);
}

/** The node image: as the cluster was made with, built or imported earlier, in the engine, or pulled. Undefined: it must be built. */
async function findImage(
  at: Paths,
  engine: Engine,
  record: ClusterRecord | undefined,
  log: string,
  signal: AbortSignal,
  detail: (text: string) => void,
): Promise<{ ref: string; source: ImageSource } | undefined> {
  if (record && (await imageThere(engine.command, record.image, signal))) {
    return record.source === "source" ? undefined : { ref: record.image, source: record.source };
  }
  const imported = await importedImage(at, engine, signal);
  if (imported) return imported;
  if (await imageThere(engine.command, registryNodeImage, signal))
    return { ref: registryNodeImage, source: "registry" };
  const own = recipe({
    cache: at.cache,
    log,
    goCommand: () => "go",
    engine: () => engine,
    imageThere: async () => false,
  }).nodeImage;
  if (await imageThere(engine.command, own, signal)) return undefined;
  detail("asking Docker Hub");
  if (await pullNodeImage(engine, { signal, log, detail })) return { ref: registryNodeImage, source: "registry" };
  detail("no registry answers: it will be built from source");
  return undefined;
}
