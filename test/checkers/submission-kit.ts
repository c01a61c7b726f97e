import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { courseLabs, type LoadedLab, loadLabAt } from "../../checkers/labs.ts";
import type { KubeObject } from "../../checkers/submissions/normalize.ts";
import { type Packing, writeSubmission } from "../../checkers/submissions/pack.ts";
import type { LearnerRecord } from "../../checkers/submissions/schema.ts";

export const lab02 = "02-deploy-ml-inference";
export const courseLab = (slug: string): Promise<LoadedLab> => loadLabAt(join(courseLabs, slug), slug);

/** The objects of every manifest in these folders; a later folder's file replaces its namesake, an empty one removes it. */
export function manifestsOf(...dirs: string[]): KubeObject[] {
  const merged = mkdtempSync(join(tmpdir(), "workbook-manifests-"));
  try {
    for (const dir of dirs) if (existsSync(dir)) cpSync(dir, merged, { recursive: true });
    return readdirSync(merged)
      .filter((name) => /\.ya?ml$/.test(name) && statSync(join(merged, name)).size > 0)
      .sort()
      .flatMap((name) =>
        parseAllDocuments(readFileSync(join(merged, name), "utf8")).map((one) => one.toJS() as KubeObject),
      )
      .filter((object) => object !== null && typeof object.kind === "string");
  } finally {
    rmSync(merged, { recursive: true, force: true });
  }
}

/** What somebody has in lab 02 who solved it, or fell for a mutant. */
export const answer02 = (mutant?: string): KubeObject[] => {
  const at = (path: string): string => join(courseLabs, lab02, path);
  return [
    ...manifestsOf(at("start/cluster")),
    ...manifestsOf(at("solution"), ...(mutant ? [at(`mutants/${mutant}`)] : [])),
  ];
};

export const noRecord: LearnerRecord = {
  verdicts: [],
  hints: [],
  quiz: [],
  predictions: [],
  measurements: [],
  score: { earned: 0, points: 20, passed: [] },
};

/** Packs a submission of a lab, with whatever is to be different about it. */
export async function pack(
  file: string,
  lab: LoadedLab,
  more: Partial<Packing> & { who?: string } = {},
): Promise<void> {
  const { who = "s1", ...rest } = more;
  await writeSubmission(file, {
    lab,
    seed: 1,
    namespace: `lab-${lab.number}`,
    terminal: `lab-${lab.number}`,
    identity: { id: who, name: `Student ${who}`, email: `${who}@example.org` },
    objects: [],
    podSecurity: {},
    secrets: "keys",
    folder: new Map(),
    record: noRecord,
    tools: { workbook: "test" },
    madeAt: "2026-03-01T12:00:00.000Z",
    ...rest,
  });
}
