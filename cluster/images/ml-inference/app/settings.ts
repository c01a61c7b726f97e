/** The settings that may change while the service runs: those whose files lie in CONFIG_DIR, looked at again every second. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Environment, type Live, type LiveName, liveNames, parseLive } from "./config.ts";
import type { Log } from "./log.ts";

type Files = Partial<Record<LiveName, string>>;

/** Milliseconds between two looks. */
const beat = 1000;

/** Reads the files that are named like settings. The kubelet swaps the whole folder at once, so a file is old or new, never half. */
function readFiles(folder: string): Files {
  const files: Files = {};
  for (const name of liveNames) {
    try {
      files[name] = readFileSync(join(folder, name), "utf8");
    } catch {
      // Not every setting has a file.
    }
  }
  return files;
}

/** What is wrong with the folder, or undefined. */
export function folderProblem(folder: string): string | undefined {
  const wrong = (why: string): string => `CONFIG_DIR=${JSON.stringify(folder)}: ${why}`;
  try {
    return statSync(folder).isDirectory() ? undefined : wrong("expected a folder, found a file");
  } catch (error) {
    return wrong(`cannot be read (${(error as NodeJS.ErrnoException).code}): mount the ConfigMap there`);
  }
}

/** The environment as the files in CONFIG_DIR overrule it. */
export function withFiles(env: Environment): Environment {
  const folder = env.CONFIG_DIR?.trim();
  return folder ? { ...env, ...given(readFiles(folder)) } : env;
}

/** An empty file counts as none, as an empty variable does. */
const given = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).filter(([, text]) => text.trim() !== "")) as Files;

export class Settings {
  readonly #env: Environment;
  readonly #folder: string | undefined;
  #live: Live;
  #files: Files = {};
  /** The last look's text, so that only a change is parsed. */
  #seen = "";
  #problems: string[] = [];
  #changedAt: Date | undefined;

  constructor(env: Environment, live: Live) {
    this.#env = env;
    this.#folder = env.CONFIG_DIR?.trim() || undefined;
    this.#live = live;
    if (this.#folder) {
      this.#files = given(readFiles(this.#folder));
      this.#seen = JSON.stringify(this.#files);
    }
  }

  get live(): Live {
    return this.#live;
  }

  /** Looks at the files every second from now on. The log names what changed. */
  watch(log: Log): void {
    const folder = this.#folder;
    if (folder) setInterval(() => this.#look(folder, log), beat).unref();
  }

  #look(folder: string, log: Log): void {
    const files = given(readFiles(folder));
    const seen = JSON.stringify(files);
    if (seen === this.#seen) return;
    this.#seen = seen;
    const { live, problems } = parseLive({ ...this.#env, ...files });
    this.#problems = problems ?? [];
    if (!live) {
      // Half a change would be worse than none: the whole former set stays.
      log.error("configuration not taken, the former one stays", { problems: this.#problems.join("; ") });
      return;
    }
    const changed = liveNames.filter((name) => files[name] !== this.#files[name]);
    this.#live = live;
    this.#files = files;
    this.#changedAt = new Date();
    log.warn("configuration changed", { changed: changed.join(", ") });
  }

  /** What `/config` tells: each setting's present value and where it comes from. */
  report(): object {
    const values: Record<LiveName, string | number> = {
      LOG_LEVEL: this.#live.logLevel,
      BATCH_SIZE: this.#live.batchSize,
      REQUEST_TIMEOUT: this.#live.requestTimeoutSeconds,
    };
    const source = (name: LiveName): object => {
      const environment = this.#env[name]?.trim() || undefined;
      const file = this.#files[name]?.trim();
      return { value: values[name], from: file ? "file" : environment ? "environment" : "default", environment, file };
    };
    return {
      config_dir: this.#folder ?? null,
      files: this.#folder ? namesIn(this.#folder) : [],
      settings: Object.fromEntries(liveNames.map((name) => [name, source(name)])),
      changed_at: this.#changedAt?.toISOString() ?? null,
      problems: this.#problems,
    };
  }
}

/** Names of the files, without the links the kubelet keeps beside them. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith(".."))
      .sort();
  } catch {
    return [];
  }
}
