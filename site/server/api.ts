import { type Context, Hono } from "hono";
import * as z from "zod";
import { failureOf } from "../../checkers/core/failures.ts";
import { nextHint } from "../../checkers/core/hints.ts";
import type { Prediction, QuizItem } from "../../checkers/core/quiz.ts";
import type {
  HintReply,
  LabPage,
  MeasureReply,
  PanelsReply,
  PredictionReply,
  QuizReply,
  TerminalView,
} from "../protocol.ts";
import { readAnswers, writeAnswer } from "./answers.ts";
import { type Catalog, type CatalogLab, checkOf, own } from "./catalog.ts";
import { examApi } from "./exam-api.ts";
import type { Exams } from "./exams.ts";
import { Fault } from "./fault.ts";
import type { Room } from "./room.ts";
import type { QuizAnswer, Store } from "./store.ts";
import type { Terminals } from "./terminals.ts";

export interface ApiOptions {
  catalog: Catalog;
  store: Store;
  terminals: Terminals;
  room(slug: string): Room;
  exams?: Exams;
  /** Progress has changed: tell the pages. */
  onProgress(): void;
}

const mostBody = 64 * 1024;

const id = z.string().min(1).max(100);
const bodies = {
  hint: z.strictObject({ check: id }),
  quiz: z.strictObject({ item: id, choice: z.int().min(0).max(9).optional(), text: z.string().max(10_000).optional() }),
  predict: z.strictObject({ id, value: z.union([z.number(), z.string().max(1000)]) }),
  measure: z.strictObject({ id }),
  answer: z.strictObject({ key: id, text: z.string().max(4000) }),
  nothing: z.strictObject({}),
  terminal: z.strictObject({ lab: id }),
};

export async function body<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Fault(415, "This must be sent as application/json.");
  const text = await textOf(context);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault(400, "This is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault(
    400,
    `This is not what was expected: ${issue?.path.join(".") || "the body"}: ${issue?.message ?? "wrong"}`,
  );
}

/** The body, of which no more than the limit is ever read. */
async function textOf(context: Context): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = Number(context.req.header("content-length") ?? 0);
  const reader = size > mostBody ? undefined : context.req.raw.body?.getReader();
  if (reader) size = 0;
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    size += next.value.length;
    if (size > mostBody) break;
    parts.push(next.value);
  }
  if (size > mostBody) throw new Fault(413, "This is too much to take in at once: 64 KiB at most.");
  return Buffer.concat(parts).toString("utf8");
}

/** The JSON API, as declared in site/protocol.ts. */
export function api({ catalog, store, terminals, room, exams, onProgress }: ApiOptions): Hono {
  const app = new Hono();
  if (exams) app.route("/exams", examApi(exams));
  const labOf = (context: Context): CatalogLab => catalog.lab(context.req.param("lab") ?? "");

  app.get("/labs/:lab", async (context) => {
    const lab = labOf(context);
    return context.json(await labPage(lab, room(lab.slug), store, terminals));
  });

  app.get("/labs/:lab/panels", async (context) =>
    context.json((await room(labOf(context).slug).panels()) satisfies PanelsReply),
  );

  app.post("/labs/:lab/hint", async (context) => {
    const lab = labOf(context);
    const { check: id } = await body(context, bodies.hint);
    const check = checkOf(lab, id);
    const code = room(lab.slug)
      .report()
      .checks.find((one) => one.id === id)?.code;
    const hint = code === undefined ? undefined : nextHint(check, code, store.hintsShown(lab.slug, id, code));
    if (!hint || code === undefined) {
      throw new Fault(409, "There is no hint just now: a hint fits a failure, and this check shows none.");
    }
    store.hintShown(lab.slug, id, code, hint.step);
    return context.json(hint satisfies HintReply);
  });

  app.post("/labs/:lab/quiz", async (context) => {
    const lab = labOf(context);
    const given = await body(context, bodies.quiz);
    const item = lab.quiz.items.find((one) => one.id === given.item);
    if (!item) throw new Fault(404, "This lab has no such question.", "Reload the page.");
    const answer = answerOf(item, given);
    if (store.answerQuiz(lab.slug, { ...answer, at: new Date().toISOString() })) onProgress();
    return context.json(quizReply(item, answer) satisfies QuizReply);
  });

  app.post("/labs/:lab/predict", async (context) => {
    const lab = labOf(context);
    const given = await body(context, bodies.predict);
    const prediction = predictionOf(lab, given.id);
    const saved = { id: given.id, value: predicted(prediction, given.value), at: new Date().toISOString() };
    if (!store.predict(lab.slug, saved)) {
      throw new Fault(409, "This prediction is locked in already and stays as it is.", "Run the experiment.");
    }
    return context.json(saved satisfies PredictionReply);
  });

  app.post("/labs/:lab/measure", async (context) => {
    const lab = labOf(context);
    const { id } = await body(context, bodies.measure);
    const { explanation } = predictionOf(lab, id);
    if (!store.predictions(lab.slug).some((one) => one.id === id)) {
      throw new Fault(409, "First predict, then measure.", "Lock your prediction in.");
    }
    const measured: MeasureReply = await room(lab.slug).measure(id);
    store.measured(lab.slug, measured, new Date().toISOString());
    return context.json({ ...measured, explanation } satisfies MeasureReply);
  });

  app.post("/labs/:lab/answer", async (context) => {
    const lab = labOf(context);
    const { key, text } = await body(context, bodies.answer);
    if (!own(lab.served.definition.answers ?? {}, key) || !/^[A-Za-z0-9][\w.-]*$/.test(key)) {
      throw new Fault(404, "This lab asks for no such answer.", "Reload the page.");
    }
    const where = room(lab.slug);
    await writeAnswer(where.entered().folder, key, text);
    where.refresh();
    return context.json({});
  });

  app.post("/labs/:lab/reset", async (context) => {
    const lab = labOf(context);
    await body(context, bodies.nothing);
    const done = await room(lab.slug).reset();
    if (store.begunAgain(lab.slug)) onProgress();
    return context.json(done);
  });

  app.post("/terminals", async (context) => {
    const { lab } = await body(context, bodies.terminal);
    const slug = exams?.has(lab) ? lab : catalog.lab(lab).slug;
    return context.json(terminals.create(slug) satisfies TerminalView);
  });
  app.post("/terminals/:id/restart", async (context) => {
    await body(context, bodies.nothing);
    return context.json((await terminals.restart(context.req.param("id"))) satisfies TerminalView);
  });
  app.delete("/terminals/:id", async (context) => {
    await terminals.remove(context.req.param("id"));
    return context.json({});
  });

  app.all("*", () => {
    throw new Fault(404, "There is nothing at this address.");
  });
  return app;
}

async function labPage(lab: CatalogLab, room: Room, store: Store, terminals: Terminals): Promise<LabPage> {
  const report = room.report();
  const hints: LabPage["hints"] = {};
  for (const { id, code } of report.checks) {
    const check = lab.checks[id];
    const shown = code === undefined ? 0 : store.hintsShown(lab.slug, id, code);
    if (check && shown > 0) hints[id] = [...(failureOf(check, code)?.hints ?? [])].slice(0, shown);
  }
  const quiz: LabPage["quiz"] = {};
  for (const answer of store.quiz(lab.slug)) {
    const item = lab.quiz.items.find((one) => one.id === answer.item);
    if (!item) continue;
    const { choice, text } = answer;
    quiz[item.id] = {
      ...quizReply(item, answer),
      ...(choice === undefined ? {} : { choice }),
      ...(text === undefined ? {} : { text }),
    };
  }
  const predictions: LabPage["predictions"] = {};
  const measurements = store.measurements(lab.slug);
  for (const saved of store.predictions(lab.slug)) {
    const prediction = lab.quiz.predictions.find((one) => one.id === saved.id);
    const measured = measurements.find((one) => one.id === saved.id);
    if (!prediction) continue;
    const { explanation } = prediction;
    predictions[saved.id] = { ...saved, ...(measured ? { measured: { ...measured, explanation } } : {}) };
  }
  const keys = Object.keys(lab.served.definition.answers ?? {});
  const answers = room.folder === undefined ? {} : await readAnswers(room.folder, keys);
  return { report, hints, quiz, predictions, answers, terminals: terminals.list(lab.slug) };
}

function answerOf(
  item: QuizItem,
  given: { choice?: number | undefined; text?: string | undefined },
): Omit<QuizAnswer, "at"> {
  if (item.kind === "text") {
    const text = given.text?.trim();
    if (!text || given.choice !== undefined) throw new Fault(400, "Write an answer first, in your own words.");
    return { item: item.id, text };
  }
  const chosen = given.choice === undefined ? undefined : item.choices[given.choice];
  if (!chosen || given.choice === undefined || given.text !== undefined)
    throw new Fault(400, "Choose one of the answers.");
  return { item: item.id, choice: given.choice, right: chosen.right === true };
}

/** Explanations leave the server here, and only for an answer that was given. */
function quizReply(item: QuizItem, answer: { choice?: number; right?: boolean }): QuizReply {
  if (item.kind === "text") return { explanations: [item.model] };
  return {
    right: answer.right === true,
    explanations: item.choices.map((one) => one.why),
    correct: item.choices.findIndex((one) => one.right === true),
  };
}

function predictionOf(lab: CatalogLab, id: string): Prediction {
  const prediction = lab.quiz.predictions.find((one) => one.id === id);
  if (!prediction) throw new Fault(404, "This lab has no such prediction.", "Reload the page.");
  return prediction;
}

/** The value as it is kept: a number within the bounds, or the text of a choice (which may be given by its index). */
function predicted(prediction: Prediction, value: number | string): number | string {
  if (prediction.kind === "number") {
    if (typeof value !== "number" || value < prediction.min || value > prediction.max) {
      throw new Fault(400, `Choose a number from ${prediction.min} to ${prediction.max}.`);
    }
    return value;
  }
  const chosen =
    typeof value === "number" ? prediction.choices[value] : prediction.choices.find((one) => one === value);
  if (chosen === undefined) throw new Fault(400, "Choose one of the answers.");
  return chosen;
}
