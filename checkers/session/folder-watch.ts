import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";

/** Milliseconds that changes are gathered: an editor's save is several. */
const gather = 20;
/** Milliseconds between looks where the machine cannot watch folders (its inotify limit is reached), and for folders to appear. */
const slow = 2_000;

/** Tells when something in a working folder (or the terminal's kubeconfig) may have changed. */
export class FolderWatch {
  readonly #root: string;
  readonly #wanted = new Set<string>();
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed: () => void;
  readonly #retry: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;

  /** folders[0] is the working folder; file is watched through its folder, since programs replace files. */
  constructor(folders: readonly [string, ...string[]], file: string, changed: () => void) {
    this.#root = resolve(folders[0]);
    this.#changed = changed;
    for (const folder of folders) this.#watch(folder);
    this.#watch(dirname(file), basename(file));
    this.#retry = setInterval(() => this.#again(), slow);
    this.#retry.unref();
  }

  /** Also watches the folder of this path below the working folder. */
  add(path: string): void {
    const folder = dirname(resolve(this.#root, path));
    if (folder.startsWith(this.#root + sep)) this.#watch(folder);
  }

  stop(): void {
    clearInterval(this.#retry);
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string, only?: string): void {
    this.#wanted.add(folder);
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        // A folder made anew under an old name is another one to the kernel.
        if (event === "rename" && name !== null) this.#lost(join(folder, name));
        if (only === undefined || name === null || name.startsWith(only)) this.#soon();
      });
      watcher.on("error", () => this.#lost(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // Not there yet, or the limit is reached: tried again at every slow beat.
    }
  }

  #lost(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #again(): void {
    const lost = [...this.#wanted].filter((folder) => !this.#watchers.has(folder));
    if (lost.length === 0) return;
    for (const folder of lost) this.#watch(folder);
    this.#soon();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // A folder that was missing may be what changed.
      for (const folder of this.#wanted) this.#watch(folder);
      this.#changed();
    }, gather);
  }
}
