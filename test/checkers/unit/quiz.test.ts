import { describe, expect, it } from "vitest";
import { parseQuiz, publicQuiz, type Quiz } from "../../../checkers/core/quiz.ts";

const choice = (more: object = {}) => ({
  id: "where",
  asks: ["LAB Q1.1"],
  kind: "choice",
  question: "Where?",
  choices: [
    { text: "Here", why: "SECRET-1" },
    { text: "There", right: true, why: "SECRET-2" },
    { text: "Nowhere", why: "SECRET-3" },
  ],
  ...more,
});
const text = { id: "why", kind: "text", question: "Why?", model: "SECRET-4" };
const number = {
  id: "share",
  question: "How much?",
  kind: "number",
  unit: "%",
  min: 0,
  max: 100,
  step: 1,
  explanation: "SECRET-5",
};
const pick = { id: "which", question: "Which?", kind: "choice", choices: ["a", "b"], explanation: "SECRET-6" };

const problems = (value: unknown): string => {
  const parsed = parseQuiz(value);
  return "problems" in parsed ? parsed.problems.join("\n") : "";
};

describe("quiz.yaml", () => {
  it("takes both kinds of items and of predictions", () => {
    expect(parseQuiz({ items: [choice(), text], predictions: [number, pick] })).toHaveProperty("quiz");
  });
  it("needs no predictions", () => expect(parseQuiz({ items: [text] })).toHaveProperty("quiz.predictions", []));

  const plain = choice().choices;
  it.each([
    ["nothing at all", null, "the file"],
    [
      "no right choice",
      { items: [choice({ choices: plain.map(({ text, why }) => ({ text, why })) })] },
      "items[0].choices: exactly one choice must be right",
    ],
    [
      "two right choices",
      { items: [choice({ choices: plain.map((one) => ({ ...one, right: true })) })] },
      "exactly one choice must be right",
    ],
    ["two choices", { items: [choice({ choices: plain.slice(0, 2) })] }, "items[0].choices: give three or four"],
    [
      "a choice without a why",
      {
        items: [
          choice({ choices: plain.map(({ why: _, ...one }, index) => (index === 0 ? one : { ...one, why: "x" })) }),
        ],
      },
      "items[0].choices[0].why",
    ],
    ["an unknown kind", { items: [{ ...text, kind: "essay" }] }, "items[0].kind"],
    ["an empty question", { items: [{ ...text, question: " " }] }, "items[0].question: must not be empty"],
    ["a misspelt key", { items: [{ ...text, modal: "x" }] }, "modal"],
    ["an id twice", { items: [text, text] }, 'items[1].id: the item "why" is there twice'],
    [
      "a range upside down",
      { items: [], predictions: [{ ...number, min: 5, max: 5 }] },
      "predictions[0].max: min must be below max",
    ],
    [
      "a prediction without an explanation",
      { items: [], predictions: [{ ...pick, explanation: "" }] },
      "predictions[0].explanation",
    ],
  ])("says where it is wrong: %s", (_name, value, says) => expect(problems(value)).toContain(says));

  it("goes out without anything that answers it", () => {
    const parsed = parseQuiz({ items: [choice(), text], predictions: [number, pick] }) as { quiz: Quiz };
    const out = publicQuiz(parsed.quiz);
    expect(JSON.stringify(out)).not.toMatch(/SECRET|right|"why":|model|explanation|asks/);
    expect(out.items[0]).toEqual({
      id: "where",
      kind: "choice",
      question: "Where?",
      choices: ["Here", "There", "Nowhere"],
    });
    expect(out.predictions[0]).toEqual({
      id: "share",
      kind: "number",
      question: "How much?",
      unit: "%",
      min: 0,
      max: 100,
      step: 1,
    });
  });
});
