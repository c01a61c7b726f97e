import { aptInstall, canBeRoot, hasApt } from "./engine.ts";
import { run } from "./run.ts";
import { findGo } from "./tools.ts";
import { ClusterError, NeedsConsent } from "./types.ts";
import { goNeeded } from "./versions.ts";

const needed = goNeeded.join(".");

/** A Go compiler new enough for the sources; where there is none, Debian's own or its backport is installed, with consent. */
export async function findGoOrGet(options: {
  cache: string;
  yes: boolean;
  signal: AbortSignal;
  log: string;
  detail: (text: string) => void;
}): Promise<string> {
  const found = await findGo(options.cache);
  if (found) return found;
  const remedy = new ClusterError(
    `No image registry answers, and building Kubernetes here needs Go ${needed} or newer.`,
    "Everything built so far is kept.",
    `Install Go ${needed} or newer so that \`go\` is on PATH, then run the same command again.`,
  );
  if (!(await hasApt()) || !(await canBeRoot())) throw remedy;
  const candidate = await debianGo(options.signal);
  if (!candidate) throw remedy;
  if (!options.yes) throw new NeedsConsent(remedy.message, [`Install the Debian package ${candidate} with apt-get.`]);
  options.detail(`installing ${candidate}`);
  await aptInstall([candidate], options);
  const now = await findGo(options.cache);
  if (!now) throw remedy;
  return now;
}

/** The newest golang-1.N-go package apt offers that is new enough. */
async function debianGo(signal: AbortSignal): Promise<string | undefined> {
  const { stdout } = await run("apt-cache", ["search", "--names-only", "^golang-1\\.[0-9]+-go$"], {
    signal,
    allowFailure: true,
  });
  const minors = [...stdout.matchAll(/^golang-1\.(\d+)-go\b/gm)].map((match) => Number(match[1]));
  const best = Math.max(...minors, 0);
  return best >= goNeeded[1] ? `golang-1.${best}-go` : undefined;
}
