import type { Check, Target } from "../../checkers/core/check.ts";
import type { Experiment } from "../../checkers/core/lab.ts";
import type { Quiz } from "../../checkers/core/quiz.ts";
import type { LabReport } from "../../checkers/core/report.ts";
import { toLabReport, toReport } from "../../checkers/core/reports.ts";
import { fillFacts } from "../src/course/facts.ts";
import type { LabDeps, ServedLab } from "./deps.ts";
import { Fault } from "./fault.ts";

/** A loaded lab with its facts filled in for this learner. */
export interface CatalogLab {
  served: ServedLab;
  slug: string;
  title: string;
  namespace: string;
  checks: Readonly<Record<string, Check>>;
  experiments: Readonly<Record<string, Experiment>>;
  /** What the trickle of requests goes to, where the lab has one. */
  requests: Target | undefined;
  /** With [[facts]] replaced. */
  quiz: Quiz;
  points: number;
}

/** The loaded labs by slug: the only names the API and the socket accept. */
export class Catalog {
  readonly labs: ReadonlyMap<string, CatalogLab>;
  readonly #byNumber: ReadonlyMap<string, CatalogLab>;

  constructor(labs: readonly ServedLab[], deps: Pick<LabDeps, "namespaceOf" | "seed">) {
    const all = labs.map((served) => catalogLab(served, deps.namespaceOf(served), deps.seed()));
    this.labs = new Map(all.map((lab) => [lab.slug, lab]));
    this.#byNumber = new Map(all.map((lab) => [lab.served.number, lab]));
  }

  lab(slug: string): CatalogLab {
    const lab = this.labs.get(slug);
    if (!lab) throw new Fault(404, "There is no such lab here.", "Choose one on the course map.");
    return lab;
  }

  /** The learner's namespace of lab NN. */
  namespaceOf(number: string): string | undefined {
    return this.#byNumber.get(number)?.namespace;
  }
}

function catalogLab(served: ServedLab, namespace: string, seed: number): CatalogLab {
  const { definition, slug } = served;
  const facts = definition.facts(seed, namespace);
  const checks = definition.checks(facts);
  return {
    served,
    slug,
    title: definition.title,
    namespace,
    checks,
    experiments: definition.experiments?.(facts) ?? {},
    requests: definition.requests?.(facts),
    quiz: filled(served.quiz, facts, `labs/${slug}/quiz.yaml`) as Quiz,
    points: Object.values(checks).reduce((sum, one) => sum + one.points, 0),
  };
}

/** The same data with the facts written into every text. */
function filled(value: unknown, facts: unknown, file: string): unknown {
  if (typeof value === "string") return fillFacts(value, facts, file);
  if (Array.isArray(value)) return value.map((one) => filled(one, facts, file));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, facts, file)]));
}

/** An entry of a record by a name that came from outside: own entries only. */
export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

export function checkOf(lab: CatalogLab, id: string): Check {
  const check = own(lab.checks, id);
  if (!check) throw new Fault(404, "This lab has no such check.", "Reload the page.");
  return check;
}

/** What a page shows before the cluster has been looked at. */
export const blankReport = (lab: CatalogLab): LabReport =>
  toLabReport(
    lab,
    lab.namespace,
    Object.entries(lab.checks).map(([id, check]) => toReport(id, check)),
  );
