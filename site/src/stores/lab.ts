/** What a lab page keeps on the server beyond verdicts: hints taken, answers, quiz and predictions. */
import { map } from "nanostores";
import type { HintReply, LabPage, MeasureReply, PredictionReply, QuizReply, TerminalView } from "../../protocol.ts";
import { get, post } from "./api.ts";
import { $reports, $terminals, takeReport } from "./socket.ts";

export interface Kept {
  hints: Record<string, { code: string | undefined; shown: string[] }>;
  quiz: LabPage["quiz"];
  predictions: LabPage["predictions"];
  answers: Record<string, string>;
}

const empty: Kept = { hints: {}, quiz: {}, predictions: {}, answers: {} };

export const $kept = map<Record<string, Kept>>({});
export const keptOf = (all: Record<string, Kept>, lab: string): Kept => all[lab] ?? empty;

const change = (lab: string, part: Partial<Kept>) => $kept.setKey(lab, { ...keptOf($kept.get(), lab), ...part });
const path = (lab: string, what = "") => `/api/labs/${encodeURIComponent(lab)}${what}`;
const codeOf = (lab: string, check: string) => $reports.get()[lab]?.checks.find(({ id }) => id === check)?.code;

/** Fetches what the server keeps of a lab. */
export async function loadLab(lab: string): Promise<void> {
  const page = await get<LabPage>(path(lab));
  if (!$reports.get()[lab]) takeReport(page.report);
  if (!$terminals.get()[lab]) $terminals.setKey(lab, page.terminals);
  const hints = Object.entries(page.hints).map(([check, shown]) => [check, { code: codeOf(lab, check), shown }]);
  change(lab, {
    hints: Object.fromEntries(hints),
    quiz: page.quiz,
    predictions: page.predictions,
    answers: page.answers,
  });
}

/** The next hint of the check's present failure. */
export async function takeHint(lab: string, check: string): Promise<HintReply> {
  const reply = await post<HintReply>(path(lab, "/hint"), { check });
  const { hints } = keptOf($kept.get(), lab);
  change(lab, { hints: { ...hints, [check]: { code: codeOf(lab, check), shown: reply.shown } } });
  return reply;
}

export async function answerQuiz(lab: string, item: string, given: { choice: number } | { text: string }) {
  const reply = await post<QuizReply>(path(lab, "/quiz"), { item, ...given });
  change(lab, { quiz: { ...keptOf($kept.get(), lab).quiz, [item]: { ...reply, ...given } } });
}

export async function lockPrediction(lab: string, id: string, value: number | string) {
  const reply = await post<PredictionReply>(path(lab, "/predict"), { id, value });
  change(lab, { predictions: { ...keptOf($kept.get(), lab).predictions, [id]: reply } });
}

export async function measure(lab: string, id: string) {
  const measured = await post<MeasureReply>(path(lab, "/measure"), { id });
  const { predictions } = keptOf($kept.get(), lab);
  const before = predictions[id];
  if (before) change(lab, { predictions: { ...predictions, [id]: { ...before, measured } } });
}

export async function handIn(lab: string, key: string, text: string) {
  await post<object>(path(lab, "/answer"), { key, text });
  change(lab, { answers: { ...keptOf($kept.get(), lab).answers, [key]: text } });
}

export const resetLab = (lab: string) => post<{ saved: string }>(path(lab, "/reset"), {});

/** Opens a terminal in the lab's working folder. */
export const openTerminal = (lab: string) => post<TerminalView>("/api/terminals", { lab });
