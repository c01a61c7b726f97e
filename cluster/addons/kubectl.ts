import { run } from "../run.ts";

/** What `kubectl` said when the object was not there. */
const notFound = /\(NotFound\)|not found/;

/** Runs the pinned kubectl against one cluster with the checkers' own credential. */
export class Kubectl {
  readonly #command: string;
  readonly #kubeconfig: string;
  readonly #signal: AbortSignal | undefined;
  readonly #log: string | undefined;

  constructor(command: string, kubeconfig: string, options: { signal?: AbortSignal; log?: string } = {}) {
    this.#command = command;
    this.#kubeconfig = kubeconfig;
    this.#signal = options.signal;
    this.#log = options.log;
  }

  /** The same, not ended by the signal: for what must be tidied up after it. */
  detached(): Kubectl {
    return new Kubectl(this.#command, this.#kubeconfig, this.#log ? { log: this.#log } : {});
  }

  /** What it printed, whatever its status. */
  try(args: readonly string[], input?: unknown): Promise<{ code: number; stdout: string; stderr: string }> {
    return run(this.#command, ["--kubeconfig", this.#kubeconfig, ...args], {
      allowFailure: true,
      timeout: 60_000,
      ...(input !== undefined && { input: JSON.stringify(input) }),
      ...(this.#signal && { signal: this.#signal }),
      ...(this.#log && { log: this.#log }),
    });
  }

  /** What it printed. Rejects with kubectl's own words. */
  async run(args: readonly string[], input?: unknown): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(stderr.trim().split("\n").at(-1) || `kubectl ${args[0]} failed (${code})`);
    return stdout;
  }

  /** An object or list, or undefined where there is none. */
  async get<T>(args: readonly string[]): Promise<T | undefined> {
    const { code, stdout, stderr } = await this.try(["get", ...args, "-o", "json"]);
    if (code === 0) return JSON.parse(stdout) as T;
    if (notFound.test(stderr)) return undefined;
    throw new Error(stderr.trim().split("\n").at(-1) || `kubectl get failed (${code})`);
  }

  /** The JSON an API path answers, or undefined where it answers with an error. */
  async raw<T>(path: string): Promise<T | undefined> {
    const { code, stdout } = await this.try(["get", "--raw", path]);
    if (code !== 0) return undefined;
    try {
      return JSON.parse(stdout) as T;
    } catch {
      return undefined;
    }
  }

  /** Whether a GET of this API path succeeds. */
  async answers(path: string): Promise<boolean> {
    return (await this.try(["get", "--raw", path])).code === 0;
  }

  /** Makes objects what they are here, fields of other managers included; creates what is missing. */
  async apply(objects: readonly object[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await this.run(["apply", "--server-side", "--force-conflicts", "--field-manager=workbook", "-f", "-"], list);
  }
}
