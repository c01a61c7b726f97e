import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => /\.(ts|tsx|astro|mjs|mdx)$/.test(file));

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

const pattern =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?[^;'"]*?from\s+["'](\.[^"']+)["']|import\(\s*["'](\.[^"']+)["']\s*\)/g;

/** Every relative import of a file, as paths from the root. */
const importsOf = (from: string, text: string): Import[] =>
  [...text.matchAll(pattern)].map((match) => ({
    from,
    to: normalize(join(dirname(from), (match[3] ?? match[4]) as string)),
    typeOnly: match[2] !== undefined,
  }));

const inside = (file: string, ...folders: string[]): boolean =>
  folders.some((folder) => file === folder || file.startsWith(`${folder}/`));
const labOf = (file: string): string | undefined => /^labs\/(exams\/[^/]+\/[^/]+|[^/]+)\//.exec(file)?.[1];

/** What is wrong with an import, or undefined. The one place the directions are written down. */
const wrong = ({ from, to, typeOnly }: Import): string | undefined => {
  if (!inside(from, "test") && inside(to, "test")) return "nothing imports test";
  if (inside(from, "checkers/core") && !inside(to, "checkers/core")) return "core imports nothing of ours";
  if (inside(from, "checkers/kube", "checkers/probes") && inside(to, "labs", "site", "cluster", "checkers/commands")) {
    return "kube and probes know neither labs nor commands";
  }
  if (inside(from, "cluster") && !inside(to, "cluster")) return "cluster imports none of ours";
  const lab = labOf(from);
  if (lab) {
    if (labOf(to) && labOf(to) !== lab) return "a lab never imports another lab";
    if (from.endsWith("/facts.ts")) return "facts import nothing";
    if (!labOf(to) && !inside(to, "checkers/core", "checkers/probes")) return "a lab imports core and probes only";
  }
  if (
    inside(from, "site/src/islands", "site/src/stores", "site/src/terminal") &&
    !inside(to, "site/src") &&
    !typeOnly
  ) {
    return "islands import types only";
  }
  return undefined;
};

describe("imports go downward", () => {
  const all = tracked.flatMap((file) => importsOf(file, readFileSync(join(root, file), "utf8")));

  it("finds the imports at all", () => expect(all.length).toBeGreaterThan(100));

  it("has none that goes up", () => {
    expect(all.map((one) => ({ ...one, wrong: wrong(one) })).filter((one) => one.wrong !== undefined)).toEqual([]);
  });

  it.each([
    ["checkers/core/run.ts", "../kube/live.ts", "core imports nothing of ours"],
    ["cluster/kind.ts", "../checkers/core/verdict.ts", "cluster imports none of ours"],
    ["labs/01-a/lab.ts", "../02-b/facts.ts", "a lab never imports another lab"],
    ["labs/exams/one/01-a/lab.ts", "../02-b/facts.ts", "a lab never imports another lab"],
    ["labs/exams/one/01-a/checks/b.ts", "../../../../02-b/checks/c.ts", "a lab never imports another lab"],
    ["labs/01-a/facts.ts", "./names.ts", "facts import nothing"],
    ["site/server/api.ts", "../../test/helper.ts", "nothing imports test"],
    ["site/src/islands/task.tsx", "../../../checkers/core/run.ts", "islands import types only"],
  ])("would see %s importing %s", (from, to, why) => {
    const [found] = importsOf(from, `import { it } from "${to}";`);
    expect(wrong(found as Import)).toBe(why);
  });
});
