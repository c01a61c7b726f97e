import { randomUUID } from "node:crypto";
import type { TerminalView } from "../protocol.ts";
import { type Log, silent } from "./deps.ts";
import { Fault } from "./fault.ts";
import type { ShellSpec } from "./shell.ts";
import { WorkbookTerminal } from "./terminal.ts";

/** Terminals that a lab may have open at once. */
export const mostPerLab = 8;

export interface TerminalsOptions {
  /** What a terminal of this lab runs. Throws Fault when the lab is not ready for one. */
  shell(lab: string): ShellSpec;
  log?: Log;
}

/** All terminals, by id. */
export class Terminals {
  #options: TerminalsOptions;
  #log: Log;
  #terminals = new Map<string, WorkbookTerminal>();
  #listeners = new Set<(lab: string) => void>();

  constructor(options: TerminalsOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
  }

  list(lab: string): TerminalView[] {
    return this.#of(lab).map((one) => one.view());
  }

  /** Called with the lab whose terminals changed. */
  onChange(listener: (lab: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A terminal whose shell starts when the first page attaches. */
  create(lab: string, title?: string): TerminalView {
    const open = this.#of(lab);
    if (open.length >= mostPerLab) {
      throw new Fault(409, `This lab has ${mostPerLab} terminals open already.`, "Close one of them first.");
    }
    this.#options.shell(lab);
    const titles = new Set(open.map((one) => one.title));
    let number = 1;
    while (titles.has(`Terminal ${number}`)) number++;
    const terminal = new WorkbookTerminal({
      id: randomUUID(),
      lab,
      title: title ?? `Terminal ${number}`,
      shell: () => this.#options.shell(lab),
      onChange: () => this.#changed(lab),
    });
    this.#terminals.set(terminal.id, terminal);
    this.#changed(lab);
    return terminal.view();
  }

  get(id: string): WorkbookTerminal {
    const terminal = this.#terminals.get(id);
    if (!terminal) throw new Fault(404, "This terminal is no longer there.", "Open a new one.");
    return terminal;
  }

  has(id: string): boolean {
    return this.#terminals.has(id);
  }

  async remove(id: string): Promise<void> {
    const terminal = this.get(id);
    this.#terminals.delete(id);
    await terminal.close();
    this.#changed(terminal.lab);
  }

  /** A new shell in place of one that ended: same title, new id. */
  async restart(id: string): Promise<TerminalView> {
    const { lab, title } = this.get(id);
    await this.remove(id);
    return this.create(lab, title);
  }

  /** Ends all shells and what they started. */
  async closeAll(): Promise<void> {
    const all = [...this.#terminals.values()];
    this.#terminals.clear();
    await Promise.all(
      all.map((one) =>
        one.close().catch((error: unknown) => this.#log.warn({ error, terminal: one.id }, "a terminal did not close")),
      ),
    );
  }

  #of(lab: string): WorkbookTerminal[] {
    return [...this.#terminals.values()].filter((one) => one.lab === lab);
  }

  #changed(lab: string): void {
    for (const listener of this.#listeners) listener(lab);
  }
}
