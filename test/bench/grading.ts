import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deleteNamespace } from "../../checkers/enter.ts";
import { Transport } from "../../checkers/kube/transport.ts";
import { loadLabAt } from "../../checkers/labs.ts";
import { gradeClass } from "../../checkers/submissions/class.ts";
import { defaultClassPolicy } from "../../checkers/submissions/class-policy.ts";
import { parseRoster } from "../../checkers/submissions/roster.ts";
import { writeBook } from "../../checkers/submissions/write-book.ts";
import { paths } from "../../cluster/paths.ts";
import { answer02, pack } from "../checkers/submission-kit.ts";
import { figure } from "./figures.ts";
import type { Bench, Measured, Part } from "./part.ts";
import { adminKubeconfig } from "./stage.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const slug = "90-structural";
const students = 30;
/** Wrong in what objects say, so that their pods run all the same: neither grader waits for what never comes. */
const mistakes = [
  "labels/only-on-deployment",
  "readiness/no-probe",
  "replicas/wrong-count",
  "service/wrong-port",
  "service/wrong-type",
  "service/headless",
];

/** Thirty students, every fifth with a mistake. */
const answers = Array.from({ length: students }, (_, n) => ({
  who: `s${String(n + 1).padStart(2, "0")}`,
  mistake: n % 5 === 4 ? mistakes[(n - 4) / 5] : undefined,
}));

/** Milliseconds the sequential grader takes for all, and what it printed. */
const inBash = (folder: string, prefix: string, bench: Bench): Promise<{ took: number; out: string }> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const env = {
      ...process.env,
      KUBECONFIG: adminKubeconfig(),
      PATH: `${paths().bin}${delimiter}${process.env.PATH}`,
    };
    const options = { env, signal: bench.signal, timeout: 30 * 60_000 };
    execFile("bash", [here("grade-in-bash.sh"), folder, prefix], options, (error, stdout, stderr) => {
      if (bench.signal.aborted) reject(bench.signal.reason as Error);
      else if (error) reject(new Error(`grade-in-bash.sh: ${stderr.trim() || error.message}`));
      else resolve({ took: performance.now() - began, out: stdout });
    });
  });

async function run(bench: Bench): Promise<Measured> {
  const lab = await loadLabAt(here(`labs/${slug}`), slug);
  const [manifests, submissions, out] = ["manifests", "submissions", "grades"].map((name) =>
    join(bench.scratch, name),
  ) as [string, string, string];
  for (const folder of [submissions, out]) mkdirSync(folder, { recursive: true });
  for (const { who, mistake } of answers) {
    const objects = answer02(mistake);
    mkdirSync(join(manifests, who), { recursive: true });
    for (const [n, object] of objects.entries())
      writeFileSync(join(manifests, who, `${n}.json`), JSON.stringify(object));
    await pack(join(submissions, `${who}.tar.gz`), lab, { who, objects, namespace: "lab-02", terminal: "lab-02" });
  }
  const roster = parseRoster(
    `id,name,email\n${answers.map(({ who }) => `${who},${who},${who}@example.org`).join("\n")}\n`,
  );
  const transport = await Transport.open({ kubeconfig: adminKubeconfig() });
  bench.after(() => transport.close());

  bench.says(`${students} submissions with ./workbook grade's own code`);
  const result = await gradeClass({
    ...{ dir: submissions, out, roster, policy: defaultClassPolicy, labs: [lab], resume: false, transport },
    signal: bench.signal,
    says: (line) => bench.says(line),
  });
  bench.signal.throwIfAborted();
  const wroteFrom = performance.now();
  writeBook(out, result, defaultClassPolicy);
  const wrote = performance.now() - wroteFrom;
  const unlike = result.rows.filter(({ student, grade }) => {
    const { mistake } = answers.find(({ who }) => who === student.id) as (typeof answers)[number];
    return grade === undefined || (grade.status === "passed") !== (mistake === undefined);
  });
  if (unlike.length > 0 || result.rows.length !== students) {
    throw new Error(
      `graded otherwise than it should be: ${unlike.map(({ student, says }) => `${student.id}: ${says}`).join("; ")}`,
    );
  }

  const prefix = `bench-${randomBytes(3).toString("hex")}`;
  bench.after(() =>
    Promise.all(answers.map(({ who }) => deleteNamespace(transport, `${prefix}-${who}`, AbortSignal.timeout(180_000)))),
  );
  bench.says(`the same ${students} with bash and kubectl, one after the other`);
  const bash = await inBash(manifests, prefix, bench);
  const right = bash.out.split("\n").filter((line) => line.endsWith("12 of 12 hold")).length;
  const expected = answers.filter(({ mistake }) => mistake === undefined).length;
  if (right !== expected) throw new Error(`the bash grader found ${right} right, not ${expected}:\n${bash.out}`);
  const ours = result.graded + wrote;
  return {
    figures: [
      figure(`bash and kubectl, ${students} submissions in turn`, "s", [bash.took / 1000]),
      figure(`./workbook grade, ${students} submissions, all reports written`, "s", [ours / 1000]),
      figure("the same, until every namespace is gone", "s", [(result.took + wrote) / 1000]),
      figure("bash / workbook", "", [bash.took / ours], { limit: 10, sense: "at least", of: "median" }),
    ],
    notes: [
      `Lab 02's observing checks; ${expected} of ${students} right, the others wrong in a way that lets their pods run. Both re-create each submission in a namespace of its own and wait for its rollout; neither time has the removal in it.`,
      `The workbook also sets quota, limits and policy for each, and tells failures by code; bash says how many of 12 hold.`,
    ],
  };
}

export const grading: Part = { name: "grading", says: "a class's submissions beside a sequential bash grader", run };
