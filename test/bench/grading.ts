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
import type { KubeObject } from "../../checkers/submissions/normalize.ts";
import { parseRoster } from "../../checkers/submissions/roster.ts";
import { writeBook } from "../../checkers/submissions/write-book.ts";
import { paths } from "../../cluster/paths.ts";
import { answer02, pack } from "../checkers/submission-kit.ts";
import { type Figure, figure } from "./figures.ts";
import { answer } from "./labs/91-objects/answer.ts";
import type { Bench, Measured, Part } from "./part.ts";
import { adminKubeconfig } from "./stage.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const students = 30;

/** A lab whose submissions both graders grade. */
interface Case {
  /** Folder below labs/. */
  slug: string;
  says: string;
  /** The bash grader's assertions, and the Deployment it waits for before them. */
  checks: string;
  deployment?: string;
  /** The number of the learners' namespace, "02". */
  number: string;
  right(): KubeObject[];
  /** Six wrong answers, one for every fifth student. */
  wrong: readonly (() => KubeObject[])[];
  /** The ratio that is wanted at least. */
  goal?: number;
}

const changed = (kind: string, change: (object: KubeObject & { spec?: object; data?: object }) => void) => () => {
  const objects = answer();
  const found = objects.find((one) => one.kind === kind);
  if (!found) throw new Error(`the answer has no ${kind}`);
  change(found);
  return objects;
};
const having = (kind: string, values: object) => changed(kind, (one) => void Object.assign(one, values));
const spec = (kind: string, values: object) => changed(kind, (one) => void Object.assign(one.spec ?? {}, values));

const cases: readonly Case[] = [
  {
    slug: "91-objects",
    says: "what objects say",
    checks: "object-checks.sh",
    number: "91",
    right: answer,
    wrong: [
      having("ConfigMap", { data: { BATCH_SIZE: "64", MODEL_NAME: "half_plus_two" } }),
      having("ServiceAccount", { automountServiceAccountToken: true }),
      having("Role", { rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["*"] }] }),
      spec("Service", { selector: { app: "ml-demo" } }),
      spec("HorizontalPodAutoscaler", { maxReplicas: 10 }),
      spec("PodDisruptionBudget", { minAvailable: 2 }),
    ],
    goal: 10,
  },
  {
    slug: "90-structural",
    says: "lab 02's pods, started for each",
    checks: "lab-02-checks.sh",
    deployment: "ml-inference",
    number: "02",
    right: () => answer02(),
    // Wrong in what objects say, so that their pods run all the same: neither grader waits for what never comes.
    wrong: [
      "labels/only-on-deployment",
      "readiness/no-probe",
      "replicas/wrong-count",
      "service/wrong-port",
      "service/wrong-type",
      "service/headless",
    ].map((mutant) => () => answer02(mutant)),
  },
];

/** Milliseconds the sequential grader takes for all, and what it printed. */
const inBash = (one: Case, folder: string, prefix: string, bench: Bench): Promise<{ took: number; out: string }> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const env = {
      ...process.env,
      KUBECONFIG: adminKubeconfig(),
      PATH: `${paths().bin}${delimiter}${process.env.PATH}`,
    };
    const options = { env, signal: bench.signal, timeout: 30 * 60_000 };
    const args = [here("grade-in-bash.sh"), folder, prefix, one.checks, one.deployment ?? ""];
    execFile("bash", args, options, (error, stdout, stderr) => {
      if (bench.signal.aborted) reject(bench.signal.reason as Error);
      else if (error) reject(new Error(`grade-in-bash.sh: ${stderr.trim() || error.message}`));
      else resolve({ took: performance.now() - began, out: stdout });
    });
  });

/** Grades thirty submissions, every fifth of them wrong, with the workbook and then in bash. Rejects when either judges one otherwise than it is. */
async function compare(one: Case, transport: Transport, bench: Bench): Promise<Figure[]> {
  const lab = await loadLabAt(here(`labs/${one.slug}`), one.slug);
  const folder = (name: string): string => join(bench.scratch, one.slug, name);
  const [manifests, submissions, out] = [folder("manifests"), folder("submissions"), folder("grades")];
  for (const each of [submissions, out]) mkdirSync(each, { recursive: true });
  const works = Array.from({ length: students }, (_, n) => {
    const wrong = n % 5 === 4 ? one.wrong[(n - 4) / 5] : undefined;
    return { who: `s${String(n + 1).padStart(2, "0")}`, wrong: wrong !== undefined, objects: (wrong ?? one.right)() };
  });
  const namespace = `lab-${one.number}`;
  for (const { who, objects } of works) {
    mkdirSync(join(manifests, who), { recursive: true });
    for (const [n, object] of objects.entries())
      writeFileSync(join(manifests, who, `${n}.json`), JSON.stringify(object));
    await pack(join(submissions, `${who}.tar.gz`), lab, { who, objects, namespace, terminal: namespace });
  }
  const rows = works.map(({ who }) => `${who},${who},${who}@example.org`);
  const roster = parseRoster(`id,name,email\n${rows.join("\n")}\n`);

  bench.says(`${one.says}: ${students} submissions with ./workbook grade's own code`);
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
    const work = works.find(({ who }) => who === student.id);
    return work === undefined || grade === undefined || (grade.status === "passed") === work.wrong;
  });
  if (unlike.length > 0 || result.rows.length !== students) {
    throw new Error(
      `graded otherwise than it should be: ${unlike.map(({ student, says }) => `${student.id}: ${says}`).join("; ")}`,
    );
  }

  const prefix = `bench-${randomBytes(3).toString("hex")}`;
  bench.after(() =>
    Promise.all(works.map(({ who }) => deleteNamespace(transport, `${prefix}-${who}`, AbortSignal.timeout(180_000)))),
  );
  bench.says(`${one.says}: the same ${students} with bash and kubectl, one after the other`);
  const bash = await inBash(one, manifests, prefix, bench);
  const right = bash.out.split("\n").filter((line) => line.endsWith("12 of 12 hold")).length;
  const expected = works.filter(({ wrong }) => !wrong).length;
  if (right !== expected) throw new Error(`the bash grader found ${right} right, not ${expected}:\n${bash.out}`);
  const ours = result.graded + wrote;
  return [
    figure(`${one.says}: bash and kubectl, in turn`, "s", [bash.took / 1000]),
    figure(`${one.says}: ./workbook grade, all reports written`, "s", [ours / 1000]),
    figure(`${one.says}: the same, until every namespace is gone`, "s", [(result.took + wrote) / 1000]),
    figure(
      `${one.says}: bash / workbook`,
      "",
      [bash.took / ours],
      one.goal === undefined ? undefined : { limit: one.goal, sense: "at least", of: "median" },
    ),
  ];
}

async function run(bench: Bench): Promise<Measured> {
  const transport = await Transport.open({ kubeconfig: adminKubeconfig() });
  bench.after(() => transport.close());
  const figures: Figure[] = [];
  for (const one of cases) figures.push(...(await compare(one, transport, bench)));
  return {
    figures,
    notes: [
      `${students} submissions each, every fifth wrong; twelve checks. Both re-create each submission in a namespace of its own; neither time has the removal in it.`,
      "Where pods are started for each (three, 90 in all), the machine's processors are the bound: both graders wait for the rollout, and the workbook for all at once.",
      "The workbook also sets quota, limits and policy for each, and tells failures by code; bash says how many of 12 hold.",
    ],
  };
}

export const grading: Part = { name: "grading", says: "a class's submissions beside a sequential bash grader", run };
