import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseQuiz } from "../../checkers/core/quiz.ts";
import { seedQuestions } from "./seed-questions.ts";

const labs = new URL("../../labs/", import.meta.url);
const present = readdirSync(labs)
  .filter((name) => /^(\d\d|C)-/i.test(name))
  .sort();

interface Asked {
  id: string;
  lab: string;
  item: string;
}

function askedIn(folder: string): Asked[] {
  const quiz = new URL(`${folder}/quiz.yaml`, labs);
  // A lab without a quiz asks nothing: the test of that lab says what is missing.
  if (!existsSync(quiz)) return [];
  const parsed = parseQuiz(parse(readFileSync(quiz, "utf8")));
  if ("problems" in parsed) throw new Error(`labs/${folder}/quiz.yaml: ${parsed.problems.join("; ")}`);
  const lab = (folder.split("-")[0] as string).toUpperCase();
  return parsed.quiz.items.flatMap((item) =>
    (item.asks ?? []).map((id) => ({ id, lab, item: `${folder} ${item.id}` })),
  );
}

const asked = present.flatMap(askedIn);
const numbers = new Set(present.map((folder) => (folder.split("-")[0] as string).toUpperCase()));

test("66 questions: 29 of the lab assignment, 30 of the certification course, 5 of the deep dive, 2 of the week plan", () => {
  const of = (source: string) => seedQuestions.filter(({ id }) => id.startsWith(`${source} `)).length;
  expect([of("LAB"), of("CERT"), of("DEEP"), of("W4")]).toEqual([29, 30, 5, 2]);
  expect(new Set(seedQuestions.map(({ id }) => id)).size).toBe(66);
  for (const chapter of [1, 2, 3, 4, 5, 6]) {
    expect(seedQuestions.filter(({ id }) => id.startsWith(`CERT ${chapter}.`)).map(({ id }) => id)).toEqual(
      [1, 2, 3, 4, 5].map((number) => `CERT ${chapter}.${number}`),
    );
  }
});

test.each(present)("%s asks every question that belongs to it", (folder) => {
  const lab = (folder.split("-")[0] as string).toUpperCase();
  const here = new Set(asked.filter((one) => one.lab === lab).map(({ id }) => id));
  const missing = seedQuestions.filter((question) => question.lab === lab && !here.has(question.id));
  expect(missing.map(({ id, about }) => `${id}: ${about}`)).toEqual([]);
});

test("no lab asks a question that nobody knows, or one that belongs to another lab", () => {
  const home = new Map(seedQuestions.map(({ id, lab }) => [id, lab]));
  const unknown = asked.filter(({ id }) => !home.has(id)).map(({ id, item }) => `${item}: "${id}" is not in the list`);
  const strayed = asked
    .filter(({ id, lab }) => home.has(id) && home.get(id) !== lab)
    .map(({ id, item }) => `${item}: "${id}" belongs to lab ${home.get(id)}`);
  expect([...unknown, ...strayed]).toEqual([]);
});

test("no question is asked twice", () => {
  const items = Map.groupBy(asked, ({ id }) => id);
  const twice = [...items].filter(([, at]) => at.length > 1).map(([id, at]) => `${id}: ${at.map(({ item }) => item)}`);
  expect(twice).toEqual([]);
});

test("every question is asked, or waits for a lab that is still to come", () => {
  const here = new Set(asked.map(({ id }) => id));
  const open = seedQuestions.filter(({ id }) => !here.has(id));
  expect(open.filter(({ lab }) => numbers.has(lab)).map(({ id, lab }) => `${id} (lab ${lab})`)).toEqual([]);
  // 26 labs and the capstone: a typing mistake must not make a question wait for ever.
  for (const { id, lab } of open) expect(lab, id).toMatch(/^(0[1-9]|1\d|2[0-6]|C)$/);
});
