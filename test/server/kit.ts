import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { check, type Flow, type Load, type Scene } from "../../checkers/core/check.ts";
import { defineLab } from "../../checkers/core/lab.ts";
import { quizSchema } from "../../checkers/core/quiz.ts";
import type { ClusterView, LabReport, PodView } from "../../checkers/core/report.ts";
import { type Looked, toLabReport, toReport } from "../../checkers/core/reports.ts";
import { fail, pass } from "../../checkers/core/verdict.ts";
import type { Down, TerminalDown, TerminalView } from "../../site/protocol.ts";
import type { ClusterPort, Entered, LabDeps, LabSession, ServedLab } from "../../site/server/deps.ts";
import { silent } from "../../site/server/deps.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../site/server/server.ts";
import { Store } from "../../site/server/store.ts";

/** A real definition, small enough to read at a glance. */
export const definition = defineLab({
  title: "A lab for the server's tests",
  summary: "Has one check of each mode.",
  week: 1,
  minutes: 5,
  domain: "operate",
  answers: { node: { label: "The node's name" } },
  facts: (seed: number, namespace: string) => ({ seed, namespace, service: "hello" }),
  checks: ({ service }) => ({
    "service-there": check({
      title: `The Service ${service} is there`,
      points: 2,
      mode: "observe",
      within: "5s",
      evidence: "state",
      why: "secret-why: a Service gives pods one name.",
      failures: {
        "no-service": { says: "There is no such Service.", hints: ["secret-hint-1", "secret-hint-2"] },
        wrong: { says: "It selects nothing.", hints: ["secret-hint-3"] },
      },
      observe: async () => pass(),
    }),
    share: check({
      title: "Both pods answer",
      points: 3,
      mode: "sample",
      within: "5s",
      evidence: "state",
      why: "kube-proxy picks anew for each connection.",
      failures: { "one-sided": { says: "Only one answers.", hints: ["Look at the labels."] } },
      observe: async () => fail("one-sided"),
    }),
  }),
  requests: ({ service }) => ({ service, port: 80, path: "/predict" }),
  experiments: () => ({
    waits: {
      within: "2s",
      measure: async ({ namespace, signal }, tell) => {
        signal.throwIfAborted();
        tell?.({ series: [{ label: "pod", value: 7 }] });
        return { value: 12, series: [{ label: "pod", value: 12 }], says: `Measured in ${namespace}.` };
      },
    },
    hangs: { within: "1s", measure: () => new Promise(() => {}) },
  }),
});

export const quiz = quizSchema.parse({
  items: [
    {
      id: "q1",
      kind: "choice",
      question: "Which one?",
      choices: [
        { text: "A", why: "secret-why-a" },
        { text: "B", right: true, why: "secret-why-b [[service]]" },
        { text: "C", why: "secret-why-c" },
      ],
    },
    { id: "q2", kind: "text", question: "Why?", model: "secret-model" },
  ],
  predictions: [
    {
      id: "waits",
      question: "How long?",
      kind: "number",
      unit: "s",
      min: 0,
      max: 60,
      step: 1,
      explanation: "secret-explanation",
    },
    { id: "hangs", question: "Who?", kind: "choice", choices: ["the [[service]]", "none"], explanation: "secret-too" },
  ],
});

export const lab: ServedLab = {
  slug: "01-first",
  number: "01",
  definition: definition as unknown as ServedLab["definition"],
  quiz,
};

/** A session whose verdicts the test decides. */
export class ScriptedSession implements LabSession {
  stopped = false;
  ran: string[] = [];
  refreshed = 0;
  #looked: Record<string, Looked> = {};
  #reports = new Set<(report: LabReport) => void>();
  #pods = new Set<(pods: PodView[]) => void>();
  #namespace: string;
  constructor(namespace: string) {
    this.#namespace = namespace;
  }
  say(id: string, verdict: Looked["verdict"]): void {
    this.#looked[id] = { verdict, at: new Date().toISOString(), took: 1 };
    for (const listener of this.#reports) listener(this.report());
  }
  showPods(pods: PodView[]): void {
    for (const listener of this.#pods) listener(pods);
  }
  report(): LabReport {
    const checks = definition.checks(definition.facts(1, this.#namespace));
    const reports = Object.entries(checks).map(([id, one]) => toReport(id, one, this.#looked[id]));
    return toLabReport({ slug: lab.slug, title: definition.title }, this.#namespace, reports);
  }
  pods(): PodView[] {
    return [];
  }
  onReport(listener: (report: LabReport) => void): () => void {
    this.#reports.add(listener);
    return () => this.#reports.delete(listener);
  }
  onPods(listener: (pods: PodView[]) => void): () => void {
    this.#pods.add(listener);
    return () => this.#pods.delete(listener);
  }
  async run(id: string): Promise<void> {
    this.ran.push(id);
    this.say(id, pass());
  }
  scene(signal: AbortSignal): ReturnType<LabSession["scene"]> {
    const no = async (): Promise<never> => {
      throw new Error("there is no cluster in this test");
    };
    return {
      facts: definition.facts(1, this.#namespace),
      namespace: this.#namespace,
      signal,
      cluster: { get: no, list: no },
      learner: { currentNamespace: no, answer: no, file: no },
      probes: new Proxy({} as Scene["probes"], {
        get: (_, name) => (name === "load" ? (load: Load) => this.load(load, signal) : no),
      }),
    };
  }
  /** Loads under way, as the test hands them their seconds; each ends when its signal does. */
  loads: Load[] = [];
  load(load: Load, signal: AbortSignal): Promise<Flow> {
    this.loads.push(load);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  }
  refresh(): void {
    this.refreshed += 1;
  }
  async stop(): Promise<void> {
    this.stopped = true;
  }
}

/** A cluster whose state the test decides. */
export class ScriptedCluster implements ClusterPort {
  #view: ClusterView = { state: "ready", summary: "Ready", steps: [], progress: 1, since: new Date().toISOString() };
  #listeners = new Set<(view: ClusterView) => void>();
  /** What is known of it; tests of that set it. */
  known: ReturnType<ClusterPort["handle"]>;
  view(): ClusterView {
    return this.#view;
  }
  onView(listener: (view: ClusterView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  handle(): ReturnType<ClusterPort["handle"]> {
    return this.known;
  }
  become(state: ClusterView["state"], summary: string): void {
    this.#view = { ...this.#view, state, summary };
    for (const listener of this.#listeners) listener(this.#view);
  }
}

export const page = '<!doctype html><html><body>in wbns01wb<script>console.log("wbns01wb")</script></body></html>';

export interface Workbench {
  server: RunningServer;
  state: string;
  store: Store;
  cluster: ScriptedCluster;
  sessions: ScriptedSession[];
  entered: Entered;
  stops: number;
  /** The cookie of a browser that opened the workbook. */
  cookie: string;
  options: ServerOptions;
  fetch(path: string, init?: RequestInit & { as?: string }): Promise<Response>;
  post(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  page(lab?: string): Promise<PageSocket>;
  terminal(): Promise<TerminalView>;
  attach(id: string, options?: AttachOptions): Promise<TerminalClient>;
  close(): Promise<void>;
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves once the condition holds; rejects, naming it, after `within` ms. */
export async function until(what: string, holds: () => unknown, within = 10_000): Promise<void> {
  const end = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${within} ms: ${what}`);
    await wait(10);
  }
}

/** Opens the one-time address as a browser does and returns its Cookie header. */
export async function login(server: { openUrl(): string }): Promise<string> {
  const answer = await fetch(server.openUrl());
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
  if (!cookie) throw new Error(`no session: ${answer.status}`);
  return cookie;
}

/** A real server on a free port, with a browser that is logged in. */
export async function workbench(
  change: Partial<Omit<ServerOptions, "deps">> & { deps?: Partial<LabDeps> } = {},
): Promise<Workbench> {
  const state = change.state ?? mkdtempSync(join(tmpdir(), "workbook-test-"));
  const folder = join(state, "labs", lab.slug);
  mkdirSync(folder, { recursive: true });
  const dist = join(state, "dist");
  mkdirSync(join(dist, "_astro"), { recursive: true });
  mkdirSync(join(dist, "labs"), { recursive: true });
  writeFileSync(join(dist, "index.html"), page);
  writeFileSync(join(dist, "labs", "index.html"), page);
  writeFileSync(join(dist, "_astro", "app.abc.js"), "export const a = 1;\n".repeat(200));
  const sessions: ScriptedSession[] = [];
  const entered: Entered = { namespace: "lab-01", folder, kubeconfig: join(state, "kube.yaml") };
  const cluster = new ScriptedCluster();
  const store = change.store ?? new Store(join(state, "workbook.db"));
  const bench = { stops: 0 };
  const { deps, ...others } = change;
  const options: ServerOptions = {
    port: 0,
    dist,
    state,
    labs: [lab],
    store,
    cluster,
    log: silent,
    onStop: () => {
      bench.stops += 1;
    },
    ...others,
    deps: {
      namespaceOf: () => "lab-01",
      seed: () => 1,
      enterLab: async () => entered,
      resetLab: async () => ({ saved: "saved-here" }),
      createSession: async () => {
        const session = new ScriptedSession("lab-01");
        sessions.push(session);
        return session;
      },
      ...deps,
    },
  };
  const server = await startServer(options);
  const cookie = await login(server);
  const sockets: WebSocket[] = [];
  const own: Workbench["fetch"] = (path, { as = cookie, ...init } = {}) =>
    fetch(server.url + path, { redirect: "manual", ...init, headers: { cookie: as, ...(init.headers as object) } });
  const connect = (path: string): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers: { cookie, origin: server.url } });
    sockets.push(socket);
    return opened(socket);
  };
  return Object.assign(bench, {
    server,
    state,
    store,
    cluster,
    sessions,
    entered,
    cookie,
    options,
    fetch: own,
    post: async (path: string, body: unknown) => {
      const answer = await own(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    page: async (slug?: string) => {
      const client = new PageSocket(
        new WebSocket(`ws://127.0.0.1:${server.port}/ws`, { headers: { cookie, origin: server.url } }),
      );
      sockets.push(client.socket);
      await opened(client.socket);
      if (slug !== undefined) client.send({ type: "enter", lab: slug });
      return client;
    },
    terminal: async () => {
      const answer = await own("/api/terminals", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ lab: lab.slug }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as TerminalView;
    },
    attach: async (id: string, given?: AttachOptions) => new TerminalClient(await connect(`/ws/terminal/${id}`), given),
    close: async () => {
      for (const socket of sockets) socket.terminate();
      await server.close();
      store.close();
      if (!change.state) rmSync(state, { recursive: true, force: true });
    },
  });
}

/** Resolves when the upgrade was accepted; rejects with the status when it was refused. */
export function opened(socket: WebSocket): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("unexpected-response", (_, response) => reject(new Error(`refused: ${response.statusCode}`)));
    socket.once("error", reject);
  });
}

/** A page's socket, keeping what it was told. */
export class PageSocket {
  readonly socket: WebSocket;
  readonly got: Down[] = [];
  closed: number | undefined;
  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.got.push(JSON.parse(String(data)) as Down));
    socket.on("close", (code) => {
      this.closed = code;
    });
  }
  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }
  async next<T extends Down["type"]>(
    type: T,
    wanted: (message: Extract<Down, { type: T }>) => boolean = () => true,
  ): Promise<Extract<Down, { type: T }>> {
    let found: Extract<Down, { type: T }> | undefined;
    await until(`a message "${type}"`, () => {
      found = this.got.find((one): one is Extract<Down, { type: T }> => one.type === type && wanted(one as never));
      return found;
    });
    return found as Extract<Down, { type: T }>;
  }
}

export interface AttachOptions {
  cols?: number;
  rows?: number;
  /** Acknowledge output as it comes; default true. */
  acks?: boolean;
  /** Keep all output as text; default true. False keeps the last of it and counts. */
  keep?: boolean;
  onBytes?: (bytes: Buffer) => void;
}

/** A terminal's page without a screen: text in, text out. */
export class TerminalClient {
  readonly socket: WebSocket;
  text = "";
  bytes = 0;
  screens: Extract<TerminalDown, { type: "screen" }>[] = [];
  exit: number | undefined;
  closed: number | undefined;
  acks: boolean;
  #decoder = new TextDecoder();
  #unacked = 0;
  #keep: boolean;
  #onBytes: ((bytes: Buffer) => void) | undefined;

  constructor(socket: WebSocket, { cols = 80, rows = 24, acks = true, keep = true, onBytes }: AttachOptions = {}) {
    this.socket = socket;
    this.acks = acks;
    this.#keep = keep;
    this.#onBytes = onBytes;
    socket.on("message", (data: Buffer, binary) => {
      if (binary) this.#output(data);
      else this.#control(JSON.parse(String(data)) as TerminalDown);
    });
    socket.on("close", (code) => {
      this.closed = code;
    });
    this.resize(cols, rows);
  }

  input(data: string): void {
    this.#send({ type: "input", data });
  }
  resize(cols: number, rows: number): void {
    this.#send({ type: "resize", cols, rows });
  }
  ackAll(): void {
    this.#send({ type: "ack", chars: this.#unacked });
    this.#unacked = 0;
  }
  /** Resolves when the screen or what came after it holds this. */
  async sees(text: string | RegExp, within?: number): Promise<void> {
    const holds = (all: string): boolean => (typeof text === "string" ? all.includes(text) : text.test(all));
    await until(
      `the terminal shows ${text}; it shows ${JSON.stringify(this.text.slice(-400))}`,
      () => holds(this.text),
      within,
    );
  }

  #send(message: object): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }
  #control(message: TerminalDown): void {
    if (message.type === "exit") this.exit = message.code;
    else {
      this.screens.push(message);
      this.text = message.data;
    }
  }
  #output(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#onBytes?.(bytes);
    const text = this.#decoder.decode(bytes, { stream: true });
    this.text = this.#keep ? this.text + text : (this.text + text).slice(-2000);
    this.#unacked += text.length;
    if (this.acks && this.#unacked > 4000) this.ackAll();
  }
}
