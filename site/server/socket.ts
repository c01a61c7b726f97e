import type { WebSocket } from "ws";
import * as z from "zod";
import type { Down } from "../protocol.ts";
import type { Catalog } from "./catalog.ts";
import { Channel } from "./channel.ts";
import type { ClusterPort, Log } from "./deps.ts";
import type { Exams } from "./exams.ts";
import { sentence } from "./fault.ts";
import { lastVisited, progressOf } from "./progress.ts";
import type { Room } from "./room.ts";
import type { Store } from "./store.ts";
import type { Terminals } from "./terminals.ts";

const name = z.string().max(100);
const up = z.discriminatedUnion("type", [
  z.object({ type: z.literal("enter"), lab: name }),
  z.object({ type: z.literal("run"), lab: name, check: name }),
  z.object({ type: z.literal("requests"), lab: name, run: z.boolean() }),
]);

export interface PagesOptions {
  catalog: Catalog;
  store: Store;
  cluster: ClusterPort;
  terminals: Terminals;
  room(slug: string): Room;
  exams?: Exams;
  log: Log;
}

interface Page {
  channel: Channel;
  /** Slug of the lab it shows, or "". */
  lab: string;
}

/** The pages that are open: who shows which lab, and what is to be told to whom. */
export class Pages {
  #options: PagesOptions;
  #pages = new Set<Page>();

  constructor(options: PagesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pages.size;
  }

  toAll(message: Down): void {
    for (const page of this.#pages) page.channel.send(message);
  }

  toLab(lab: string, message: Down): void {
    for (const page of this.#pages) if (page.lab === lab) page.channel.send(message);
  }

  progress(): void {
    this.toAll({ type: "progress", progress: progressOf(this.#options.catalog, this.#options.store) });
  }

  /** Takes in the authenticated socket of a page. */
  join(socket: WebSocket): void {
    const { catalog, store, cluster, log, room, exams } = this.#options;
    const page: Page = { channel: new Channel(socket), lab: "" };
    this.#pages.add(page);
    const last = lastVisited(catalog, store);
    page.channel.send({
      type: "hello",
      cluster: cluster.view(),
      progress: progressOf(catalog, store),
      ...(last === undefined ? {} : { last }),
    });
    const exam = exams?.state();
    if (exam) page.channel.send({ type: "exam", exam });
    socket.on("message", (data, binary) => {
      const message = binary ? undefined : parse(String(data));
      if (!message) {
        socket.close(1007, "not a message of the workbook");
        return;
      }
      if (message.type === "enter") this.#enter(page, message.lab);
      else if (message.type === "run") this.#run(message.lab, message.check);
      else if (catalog.labs.has(message.lab)) room(message.lab).requests(message.run);
    });
    socket.on("error", (error) => log.warn({ error: sentence(error) }, "a page's connection failed"));
    socket.on("close", () => {
      this.#pages.delete(page);
      this.#enter(page, "");
    });
  }

  #enter(page: Page, lab: string): void {
    if (page.lab === lab) return;
    const { catalog, store, terminals, room, exams } = this.#options;
    const before = page.lab;
    // A lab to come has a page and nothing to watch; an exam's task has terminals, and its checks are looked at by nobody.
    const station = exams?.has(lab) === true;
    page.lab = catalog.labs.has(lab) || station ? lab : "";
    if (station) {
      page.channel.send({ type: "lab", lab, state: "ready", says: "Ready" });
      page.channel.send({ type: "terminals", lab, terminals: terminals.list(lab) });
    } else if (page.lab !== "") {
      store.visit(lab);
      const entered = room(lab);
      entered.join();
      page.channel.send(entered.message);
      page.channel.send({ type: "report", report: entered.report() });
      page.channel.send({ type: "pods", lab, pods: entered.pods() });
      page.channel.send(entered.requestsMessage);
      page.channel.send({ type: "terminals", lab, terminals: terminals.list(lab) });
      this.progress();
    }
    if (catalog.labs.has(before)) room(before).leave();
  }

  #run(lab: string, check: string): void {
    const { catalog, room, log } = this.#options;
    if (!catalog.labs.has(lab)) return;
    const where = room(lab);
    where.run(check).catch((error: unknown) => {
      log.warn({ error: sentence(error), lab, check }, "a check did not run");
      this.toLab(lab, { ...where.message, says: sentence(error) });
    });
  }
}

function parse(text: string): z.infer<typeof up> | undefined {
  try {
    const parsed = up.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
