import * as z from "zod";

const id = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "use lower-case letters, digits, dots and hyphens");
const text = z.string().trim().min(1, "must not be empty");

const choice = z.strictObject({ text, right: z.literal(true).optional(), why: text });
const choiceItem = z.strictObject({
  id,
  asks: z.array(text).optional(),
  kind: z.literal("choice"),
  question: text,
  choices: z
    .array(choice)
    .min(3, "give three or four choices")
    .max(4, "give three or four choices")
    .refine((choices) => choices.filter((one) => one.right).length === 1, "exactly one choice must be right: true"),
});
const textItem = z.strictObject({
  id,
  asks: z.array(text).optional(),
  kind: z.literal("text"),
  question: text,
  model: text,
});
const numberPrediction = z
  .strictObject({
    id,
    question: text,
    kind: z.literal("number"),
    unit: text,
    min: z.number(),
    max: z.number(),
    step: z.number().positive(),
    explanation: text,
  })
  .refine(({ min, max }) => min < max, { error: "min must be below max", path: ["max"] });
const choicePrediction = z.strictObject({
  id,
  question: text,
  kind: z.literal("choice"),
  choices: z.array(text).min(2, "give at least two choices").max(6, "give at most six choices"),
  explanation: text,
});

const unique =
  (what: string) =>
  (list: readonly { id: string }[], context: z.core.$RefinementCtx): void => {
    const seen = new Set<string>();
    list.forEach((one, index) => {
      if (seen.has(one.id))
        context.addIssue({ code: "custom", path: [index, "id"], message: `${what} "${one.id}" is there twice` });
      seen.add(one.id);
    });
  };

/** quiz.yaml of a lab. Strings may hold inline markdown. */
export const quizSchema = z.strictObject({
  items: z.array(z.discriminatedUnion("kind", [choiceItem, textItem])).superRefine(unique("the item")),
  predictions: z
    .array(z.discriminatedUnion("kind", [numberPrediction, choicePrediction]))
    .superRefine(unique("the prediction"))
    .default([]),
});
export type Quiz = z.infer<typeof quizSchema>;
export type QuizItem = Quiz["items"][number];
export type Prediction = Quiz["predictions"][number];

export type PublicQuizItem =
  | { id: string; kind: "choice"; question: string; choices: string[] }
  | { id: string; kind: "text"; question: string };
export type PublicPrediction =
  | { id: string; kind: "number"; question: string; unit: string; min: number; max: number; step: number }
  | { id: string; kind: "choice"; question: string; choices: string[] };
export interface PublicQuiz {
  items: PublicQuizItem[];
  predictions: PublicPrediction[];
}

/** What a page may hold before anything is answered: no right, no why, no model answer, no explanation. Built by naming what goes out. */
export function publicQuiz(quiz: Quiz): PublicQuiz {
  return {
    items: quiz.items.map((item) =>
      item.kind === "choice"
        ? { id: item.id, kind: item.kind, question: item.question, choices: item.choices.map((one) => one.text) }
        : { id: item.id, kind: item.kind, question: item.question },
    ),
    predictions: quiz.predictions.map((one) =>
      one.kind === "number"
        ? {
            id: one.id,
            kind: one.kind,
            question: one.question,
            unit: one.unit,
            min: one.min,
            max: one.max,
            step: one.step,
          }
        : { id: one.id, kind: one.kind, question: one.question, choices: one.choices },
    ),
  };
}

/** The quiz, or every mistake in it as "items[2].choices: exactly one …". */
export function parseQuiz(value: unknown): { quiz: Quiz } | { problems: string[] } {
  const parsed = quizSchema.safeParse(value);
  if (parsed.success) return { quiz: parsed.data };
  return {
    problems: parsed.error.issues.map((issue) => `${z.core.toDotPath(issue.path) || "the file"}: ${issue.message}`),
  };
}
