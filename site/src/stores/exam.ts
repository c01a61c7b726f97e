/** The exam the page shows: its texts and result are fetched when its state changes; the clock is told over the socket. */
import { atom, map } from "nanostores";
import type { ExamPage, ExamState } from "../../protocol.ts";
import { get, post } from "./api.ts";

export const $examPage = atom<ExamPage | undefined>(undefined);
/** The last state told of each exam, and when (performance.now()): the page counts down from there. */
export const $examStates = map<Record<string, (ExamState & { told: number }) | undefined>>({});

const path = (exam: string, what = "") => `/api/exams/${encodeURIComponent(exam)}${what}`;

export const takeExam = (exam: ExamState): void => {
  $examStates.setKey(exam.exam, { ...exam, told: performance.now() });
};

export async function loadExam(exam: string, attempt?: number): Promise<void> {
  const page = await get<ExamPage>(path(exam, attempt === undefined ? "" : `?attempt=${attempt}`));
  $examPage.set(page);
  takeExam(page.card.state);
}

const change = async (exam: string, what: string, body: object): Promise<void> =>
  takeExam(await post<ExamState>(path(exam, what), body));

export const beginExam = (exam: string, seed: number | undefined): Promise<void> =>
  change(exam, "/start", seed === undefined ? {} : { seed });
export const flagTask = (exam: string, task: string, on: boolean): Promise<void> => change(exam, "/flag", { task, on });
export const submitExam = (exam: string): Promise<void> => change(exam, "/submit", {});
export const abandonExam = (exam: string): Promise<void> => change(exam, "/abandon", {});
export const handInExam = (exam: string, task: string, key: string, text: string): Promise<object> =>
  post<object>(path(exam, "/answer"), { task, key, text });
