import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { artifact } from "../artifact.ts";
import { run } from "../run.ts";

export interface GoProgram {
  /** Name of the binary. */
  name: string;
  /** Main package's import path. */
  pkg: string;
  /** Passed to the linker after `-s -w`. */
  ldflags?: string;
  /** Build tags. */
  tags?: readonly string[];
}

export interface GoModule {
  /** Folder name of the generated module. */
  name: string;
  /** The module required and its version. */
  module: string;
  version: string;
  /** Lines of a replace block, worked out when first needed (it may have to download the module's own go.mod). `folder`: the generated module's. */
  replaces?: (go: Go, folder: string) => Promise<string[]>;
  /** Programs built from it. */
  programs: readonly GoProgram[];
}

/** The Go command and the folder under which modules are generated and binaries are kept. */
export interface Go {
  command: string;
  folder: string;
  log: string;
  signal?: AbortSignal;
}

/** The environment every build of ours runs in: the same flags everywhere, so that Go's own cache is shared. */
export const goEnv: Record<string, string | undefined> = {
  CGO_ENABLED: "0",
  GOFLAGS: "-buildvcs=false",
  GOWORK: "off",
  GO111MODULE: "on",
  // The sources name the toolchain they were released with; ours is newer and never fetches another.
  GOTOOLCHAIN: "local",
};

/** Where a program's binary is once built. */
export function binary(go: Go, module: GoModule, program: string): string {
  return join(go.folder, `${module.name}-${module.version}`, "bin", program);
}

interface Downloaded {
  Dir?: string;
  GoMod?: string;
  Error?: string;
}

/** Downloads a module and tells where it is in Go's module cache. */
export async function download(go: Go, module: string, version: string): Promise<{ dir: string; goMod: string }> {
  const { stdout } = await run(go.command, ["mod", "download", "-json", `${module}@${version}`], {
    cwd: go.folder,
    env: goEnv,
    signal: go.signal,
    log: go.log,
  });
  const found = JSON.parse(stdout) as Downloaded;
  if (!found.Dir || !found.GoMod)
    throw new Error(`Go could not get ${module}@${version}: ${found.Error ?? "no reason given"}`);
  return { dir: found.Dir, goMod: found.GoMod };
}

/** A go.mod that requires the module and its replacements: `go install pkg@version` refuses modules that have any. */
async function generate(go: Go, module: GoModule, detail?: (text: string) => void): Promise<string> {
  const folder = join(go.folder, `${module.name}-${module.version}`, "module");
  const ready = join(folder, ".complete");
  if (existsSync(ready)) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const replaces = (await module.replaces?.(go, folder)) ?? [];
  const { goMod } = await download(go, module.module, module.version);
  const language = /^go (\S+)/m.exec(await readFile(goMod, "utf8"))?.[1] ?? "1.24";
  const lines = [`module workbook.local/${module.name}`, "", `go ${language}`, ""];
  lines.push("godebug default=go1.24", "", `require ${module.module} ${module.version}`, "");
  if (replaces.length > 0) lines.push("replace (", ...replaces.map((line) => `\t${line}`), ")", "");
  await writeFile(join(folder, "go.mod"), lines.join("\n"));
  const imports = module.programs.map((program) => `import _ "${program.pkg}"`);
  await writeFile(join(folder, "tools.go"), ["//go:build tools", "", "package tools", "", ...imports, ""].join("\n"));
  // Names every requirement, so that what is built doesn't depend on the order of the builds.
  await run(go.command, ["mod", "tidy"], { cwd: folder, env: goEnv, signal: go.signal, log: go.log, onLine: detail });
  // Last: its presence says that the folder is complete.
  await writeFile(ready, "");
  return folder;
}

/** Builds one program of the module into the cache and returns the binary's path. Go's own cache makes an interrupted build resume. */
export async function build(go: Go, module: GoModule, name: string, detail?: (text: string) => void): Promise<string> {
  const program = module.programs.find((candidate) => candidate.name === name);
  if (!program) throw new Error(`${module.name} has no program ${name}.`);
  return artifact(binary(go, module, name), async (temporary) => {
    const folder = await generate(go, module, detail);
    const tags = (program.tags ?? []).join(",");
    const ldflags = `-s -w ${program.ldflags ?? ""}`.trim();
    let packages = 0;
    await run(
      go.command,
      ["build", "-v", "-trimpath", "-tags", tags, "-ldflags", ldflags, "-o", temporary, program.pkg],
      {
        cwd: folder,
        env: goEnv,
        signal: go.signal,
        log: go.log,
        onLine: (line) => {
          if (line.startsWith("go: downloading ")) detail?.(line.slice(4));
          else if (!line.startsWith("go: ")) {
            packages += 1;
            detail?.(`${packages} packages compiled`);
          }
        },
      },
    );
  });
}
