import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Examiner } from "../../checkers/exams/examiner.ts";
import { api } from "./api.ts";
import { Auth } from "./auth.ts";
import { Catalog } from "./catalog.ts";
import { announceRunning, sessionsFile, withdrawRunning } from "./control.ts";
import type { ClusterPort, LabDeps, Log, ServedLab } from "./deps.ts";
import { Exams } from "./exams.ts";
import { ServerError } from "./fault.ts";
import { Gate } from "./gate.ts";
import { Room } from "./room.ts";
import { shellSpec } from "./shell.ts";
import { siteApp } from "./site-app.ts";
import { Pages } from "./socket.ts";
import { StaticSite } from "./static.ts";
import type { Store } from "./store.ts";
import { Terminals } from "./terminals.ts";
import { Upgrades } from "./upgrade.ts";

export interface ServerOptions {
  host?: "127.0.0.1";
  /** 0 takes any free one. */
  port: number;
  /** Folder of the built site; it may come into being later. */
  dist: string;
  /** Private folder for server.json, sessions.json, shell/. */
  state: string;
  labs: readonly ServedLab[];
  store: Store;
  cluster: ClusterPort;
  deps: LabDeps;
  log: Log;
  /** The workbook's launcher, for `workbook …` inside a terminal. */
  launcher?: string;
  /** `./workbook down` asks: end this process. Sessions are ended before, close() is up to you. */
  onStop(): void;
  /** How long a lab is watched after its last page has left, in milliseconds. */
  linger?: number;
  /** Who holds exams; without one there are none. */
  examiner?: Examiner;
  /** How long after a failed entering of a lab it is tried again, in milliseconds. */
  retryAfter?: number;
}

export interface RunningServer {
  /** http://127.0.0.1:PORT */
  url: string;
  port: number;
  /** A one-time address that logs a browser in. */
  openUrl(): string;
  terminals: Terminals;
  /** Ends connections, sessions of labs and terminals with all they started. The store stays open; sessions of browsers stay valid. */
  close(): Promise<void>;
}

/** Starts the workbook's server. Rejects with ServerError when the port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { state, store, cluster, deps, log } = options;
  const host = options.host ?? "127.0.0.1";
  const catalog = new Catalog(options.labs, deps);

  const terminals: Terminals = new Terminals({
    shell: (lab) =>
      shellSpec({
        state,
        lab,
        entered: exams?.entered(lab) ?? room(lab).entered(),
        bin: cluster.handle()?.bin,
        launcher: options.launcher,
      }),
    log,
  });

  const rooms = new Map<string, Room>();
  const room = (slug: string): Room => {
    let found = rooms.get(slug);
    if (!found) {
      found = new Room({
        lab: catalog.lab(slug),
        deps,
        cluster,
        log,
        emit: (message) => pages.toLab(slug, message),
        onReport: (report) => {
          if (store.recordReport(report)) pages.progress();
        },
        linger: options.linger ?? 30_000,
        retryAfter: options.retryAfter ?? 5_000,
      });
      rooms.set(slug, found);
    }
    return found;
  };

  const exams = options.examiner
    ? new Exams({
        examiner: options.examiner,
        cluster,
        terminals,
        log,
        emit: (message) => pages.toAll(message),
      })
    : undefined;
  const pages: Pages = new Pages({ catalog, store, cluster, terminals, room, log, ...(exams && { exams }) });
  exams?.start();
  terminals.onChange((lab) => pages.toLab(lab, { type: "terminals", lab, terminals: terminals.list(lab) }));

  let before = cluster.view().state;
  const stopWatching = cluster.onView((view) => {
    pages.toAll({ type: "cluster", cluster: view });
    const was = before;
    before = view.state;
    for (const one of rooms.values()) {
      if (view.state === "ready" && was !== "ready") one.clusterReady(was === "unreachable");
      else one.clusterChanged();
    }
  });

  const { server, port } = await listen(host, options.port);
  const url = `http://127.0.0.1:${port}`;
  const gate = new Gate(port);
  const auth = new Auth({ file: sessionsFile(state), port, log });
  const upgrades = new Upgrades({ gate, auth, pages, terminals, log });
  const token = randomBytes(32).toString("base64url");
  const openUrl = (): string => `${url}/open?code=${auth.mintCode()}`;
  const startedAt = new Date().toISOString();
  const app = siteApp({
    gate,
    auth,
    port,
    site: new StaticSite(options.dist, {
      namespaceOf: (number) => catalog.namespaceOf(number),
      nodePorts: () => cluster.handle()?.nodePorts ?? [],
    }),
    api: api({ catalog, store, terminals, room, onProgress: () => pages.progress(), ...(exams && { exams }) }),
    control: {
      token,
      openUrl,
      status: () => ({
        url,
        pid: process.pid,
        startedAt,
        pages: pages.size,
        terminals: [...catalog.labs.keys()].reduce((sum, lab) => sum + terminals.list(lab).length, 0),
        cluster: cluster.view().summary,
        rss: process.memoryUsage.rss(),
      }),
      stop: () => {
        auth.endAll();
        // The answer goes out first.
        setTimeout(() => options.onStop(), 50);
      },
    },
    log,
  });
  server.on("request", getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  server.on("upgrade", (request, socket, head) => upgrades.handle(request, socket, head));
  announceRunning(state, { pid: process.pid, port, token });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    withdrawRunning(state, token);
    stopWatching();
    await exams?.close();
    upgrades.endAll(1001, "The workbook has stopped.");
    const closed = new Promise((resolve) => server.close(resolve));
    await Promise.all([terminals.closeAll(), ...[...rooms.values()].map((one) => one.close())]);
    upgrades.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    port,
    openUrl,
    terminals,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Requests are taken only once a listener is set, which happens before the next turn of the event loop. */
function listen(host: string, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 30_000 });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(
        new ServerError(
          taken ? `Port ${port} is taken by another program.` : `Port ${port} cannot be used: ${error.message}`,
          "Nothing was started or changed.",
          taken
            ? `Choose another one: ./workbook up --port ${port + 1}. What holds it: ss -ltnp 'sport = :${port}'`
            : "Choose one above 1023: ./workbook up --port 8400.",
          { cause: error },
        ),
      );
    });
    server.listen(port, host, () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}
