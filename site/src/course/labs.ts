/** What the pages know of the labs. Build time only: an island must never import this file, it reaches hints and answers. */
import { parse } from "yaml";
import type { Mode, Target } from "../../../checkers/core/check.ts";
import { milliseconds } from "../../../checkers/core/duration.ts";
import { defaultSeed, type LabDefinition } from "../../../checkers/core/lab.ts";
import { type PublicQuiz, parseQuiz, publicQuiz } from "../../../checkers/core/quiz.ts";
import { fillFacts, placeholder } from "./facts.ts";

interface CourseCheck {
  id: string;
  title: string;
  points: number;
  mode: Mode;
  /** It has no task in the text: only that it exists and its points are told. */
  hidden: boolean;
  /** Milliseconds a run may take. */
  within: number;
}

/** The public part of a lab: nothing in here gives away how it is solved. */
export interface CourseLab {
  slug: string;
  /** "01" */
  number: string;
  title: string;
  summary: string;
  week: number;
  minutes: number;
  points: number;
  checks: CourseCheck[];
  answers: Record<string, string>;
  quiz: PublicQuiz;
  namespace: string;
  /** What <LiveRequests /> asks, as a learner would write it: "ml-inference-service:5000/predict". */
  requestsTo: string | undefined;
}

const definitions = import.meta.glob<LabDefinition>("@labs/*/lab.ts", { eager: true, import: "default" });
const lessons = import.meta.glob<{ default: unknown }>("@labs/*/lesson.mdx");
const quizzes = import.meta.glob<string>("@labs/*/quiz.yaml", { eager: true, query: "?raw", import: "default" });
const pictures = import.meta.glob<string>("@labs/*/*.svg", { eager: true, query: "?raw", import: "default" });

/** Results of a glob by "slug/file", whatever folder the labs are in. */
const bySlug = <T>(modules: Record<string, T>): Map<string, T> =>
  new Map(Object.entries(modules).map(([path, value]) => [path.split("/").slice(-2).join("/"), value]));

const lessonOf = bySlug(lessons);
const quizOf = bySlug(quizzes);
const pictureOf = bySlug(pictures);

const readQuiz = (slug: string, facts: unknown): PublicQuiz => {
  const file = `${slug}/quiz.yaml`;
  const raw = quizOf.get(file);
  if (raw === undefined) return { items: [], predictions: [] };
  const result = parseQuiz(parse(fillFacts(raw, facts, `labs/${file}`)));
  if ("problems" in result) throw new Error(`labs/${file}: ${result.problems.join("; ")}`);
  return publicQuiz(result.quiz);
};

const addressOf = ({ service, port, nodePort, path = "/" }: Target): string =>
  `${service ? `${service}:${port}` : `node port ${nodePort}`}${path}`;

const toCourseLab = (slug: string, lab: LabDefinition): CourseLab => {
  const namespace = placeholder(slug);
  const facts = lab.facts(defaultSeed, namespace);
  const checks = Object.entries(lab.checks(facts)).map(([id, { title, points, mode, within, hidden }]) => ({
    id,
    title: hidden ? "A hidden check" : title,
    points,
    mode,
    hidden: hidden === true,
    within: milliseconds(within),
  }));
  return {
    slug,
    number: slug.slice(0, 2),
    title: lab.title,
    summary: lab.summary,
    week: lab.week,
    minutes: lab.minutes,
    points: checks.reduce((sum, { points }) => sum + points, 0),
    checks,
    answers: Object.fromEntries(Object.entries(lab.answers ?? {}).map(([key, { label }]) => [key, label])),
    quiz: readQuiz(slug, facts),
    namespace,
    requestsTo: lab.requests && addressOf(lab.requests(facts)),
  };
};

/** Every lab that has its lesson, in course order. */
export const labs: CourseLab[] = [...bySlug(definitions)]
  .map(([path, lab]): [string, LabDefinition] => [path.split("/")[0] as string, lab])
  .filter(([slug]) => lessonOf.has(`${slug}/lesson.mdx`))
  .sort(([one], [other]) => one.localeCompare(other))
  .map(([slug, lab]) => toCourseLab(slug, lab));

/** The lesson's text as a component. */
export const lesson = async (slug: string) => {
  const load = lessonOf.get(`${slug}/lesson.mdx`);
  if (!load) throw new Error(`labs/${slug} has no lesson.mdx.`);
  return (await load()).default as (props: { components: object }) => unknown;
};

/** A picture of a lab as SVG text, its facts filled in and its ids made unique on the page. */
export const picture = (lab: CourseLab, file: string): string => {
  const raw = pictureOf.get(`${lab.slug}/${file}`);
  if (raw === undefined)
    throw new Error(`labs/${lab.slug}/lesson.mdx shows ${file}, which is not in the lab's folder.`);
  const facts = bySlug(definitions).get(`${lab.slug}/lab.ts`)?.facts(defaultSeed, lab.namespace);
  const scope = file.replace(/\W+/g, "-");
  return fillFacts(raw, facts, `labs/${lab.slug}/${file}`)
    .replace(/<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--[\s\S]*?-->/g, "")
    .replace(/\bid="([^"]+)"/g, `id="${scope}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${scope}-$1)`)
    .replace(/(href)="#([^"]+)"/g, `$1="#${scope}-$2"`)
    .trim();
};
