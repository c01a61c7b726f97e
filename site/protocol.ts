/** What crosses the authenticated WebSocket at /ws and the JSON API. Types only. */
import type { FlowSecond } from "../checkers/core/check.ts";
import type { MeasuredLine } from "../checkers/core/lab.ts";
import type { ClusterView, LabReport, PodView } from "../checkers/core/report.ts";
import type { ExamResult } from "../checkers/exams/result.ts";

export interface TerminalView {
  id: string;
  lab: string;
  title: string;
  alive: boolean;
}

export interface LabProgress {
  lab: string;
  /** Best score seen so far (passes are remembered) and what it is out of. */
  earned: number;
  points: number;
  passed: string[];
  quizRight: number;
  quizTotal: number;
  visitedAt?: string;
  /** The workbook's own solution is in place, or the learner went past it: neither is a pass. */
  marked?: "solved" | "skipped";
}

/** Server to page on /ws. */
export type Down =
  | { type: "hello"; cluster: ClusterView; progress: LabProgress[]; last?: string }
  | { type: "cluster"; cluster: ClusterView }
  | { type: "report"; report: LabReport }
  | { type: "pods"; lab: string; pods: PodView[] }
  /** One second of the trickle of requests the learner has running (see LabDefinition.requests); `running` false: it has ended. */
  | { type: "requests"; lab: string; running: boolean; second?: FlowSecond; says?: string }
  /** What an experiment under way has measured so far. */
  | {
      type: "measuring";
      lab: string;
      id: string;
      series: { label: string; value: number }[];
      lines?: readonly MeasuredLine[];
    }
  | { type: "terminals"; lab: string; terminals: TerminalView[] }
  | { type: "progress"; progress: LabProgress[] }
  /** Where an exam stands: sent to every page when it changes, and every few seconds while the clock runs. Never anything about checks. */
  | { type: "exam"; exam: ExamState }
  /** A one-line state of entering or resetting a lab. */
  | { type: "lab"; lab: string; state: "entering" | "ready" | "resetting" | "failed"; says: string };

/** Page to server on /ws. */
export type Up =
  /** The page shows this lab now: create its namespace and folder if need be, start its checks. "" leaves. */
  | { type: "enter"; lab: string }
  /** Run a sample or disturb check now. */
  | { type: "run"; lab: string; check: string }
  /** Starts or ends the trickle of requests of <LiveRequests />; it ends by itself after five minutes. */
  | { type: "requests"; lab: string; run: boolean };

/*
 * JSON API (same-origin, session cookie, Content-Type: application/json on every POST):
 *   GET    /api/labs/:lab                      -> LabPage
 *   GET    /api/labs/:lab/panels               -> PanelsReply         what the learner's dashboards show, for <LivePanels />
 *   POST   /api/labs/:lab/hint    {check}      -> HintReply           the next hint of the present failure
 *   POST   /api/labs/:lab/quiz    {item, choice?: number, text?: string}  -> QuizReply
 *   POST   /api/labs/:lab/predict {id, value: number | string}       -> PredictionReply   locked in: a second one is refused (409)
 *   POST   /api/labs/:lab/measure {id}         -> MeasureReply        runs the experiment of a prediction
 *   POST   /api/labs/:lab/answer  {key, text}  -> {}
 *   POST   /api/labs/:lab/reset   {}           -> {saved: string}
 *   POST   /api/terminals {lab}                -> TerminalView
 *   POST   /api/terminals/:id/restart {}       -> TerminalView       a new shell in place of one that ended: new id, same title
 *   DELETE /api/terminals/:id                  -> {}
 *   GET    /api/exams                          -> ExamCard[]
 *   GET    /api/exams/:exam                    -> ExamPage            ?attempt=N: an earlier one
 *   POST   /api/exams/:exam/start  {seed?, minutes?} -> ExamState     refused (409) while another one is open
 *   POST   /api/exams/:exam/flag   {task, on}  -> ExamState
 *   POST   /api/exams/:exam/answer {task, key, text} -> {}            kept at once as answers/KEY.txt in the working folder
 *   POST   /api/exams/:exam/submit {}          -> ExamState           ends it and grades it; ended already: grades again what has no score
 *   POST   /api/exams/:exam/abandon {}         -> ExamState
 *   GET    /api/exams/:exam/report.html, .md, .json  ?attempt=N       the report of a graded attempt
 *   any error                                  -> 4xx/5xx ApiError
 * Terminal stream: WebSocket /ws/terminal/:id, see site/server/terminal-protocol in ARCHITECTURE.md:
 *   server -> page  binary frames of output (UTF-8 bytes), JSON text frames for control:
 *                   {type:"screen", data}   the serialized screen, first frame after attach: write it after a reset
 *                   {type:"exit", code}
 *   page -> server  JSON text frames: {type:"input", data} {type:"resize", cols, rows} {type:"ack", chars}
 *                   ack counts UTF-16 code units that xterm's write callback has parsed.
 */
export interface ExamState {
  exam: string;
  /** 0: never begun. */
  attempt: number;
  seed: number;
  phase: "none" | "preparing" | "running" | "ended";
  /** Minutes given. */
  minutes: number;
  /** Milliseconds left when this was sent. */
  remaining: number;
  /** What is going on: of preparing and grading, or why there is no score yet. */
  says: string;
  endedBy?: "submitted" | "time-up" | "abandoned";
  grading: boolean;
  graded: boolean;
  flags: string[];
  /** Clocks that were set, restarts: sentences. */
  oddities: string[];
}
export interface ExamCard {
  name: string;
  title: string;
  summary: string;
  minutes: number;
  passMark: number;
  /** Percent by domain. */
  domains: Record<string, number>;
  /** How many stations an attempt has. */
  tasks: number;
  state: ExamState;
}
/** A task as a candidate may see it. */
export interface ExamTaskView {
  key: string;
  /** What terminals of it are asked for by. */
  station: string;
  namespace: string;
  title: string;
  domain: string;
  /** Percent of the exam. */
  weight: number;
  minutes: number;
  html: string;
  /** What it asks to hand in: key and label; and what was handed in. */
  answers: Record<string, string>;
  given: Record<string, string>;
}
export interface ExamPage {
  card: ExamCard;
  /** While it runs. */
  tasks?: ExamTaskView[];
  /** Once graded. */
  result?: ExamResult;
  attempts: { attempt: number; seed: number; begun: string; says: string; graded: boolean }[];
}

export interface ApiError {
  error: string;
  todo?: string;
}
export interface HintReply {
  step: number;
  of: number;
  text: string;
  /** Every hint shown so far for this failure, first to last. */
  shown: string[];
}
export interface QuizReply {
  right?: boolean;
  /** One explanation for each choice, in order; for free text the model answer is the only entry. */
  explanations: string[];
  correct?: number;
}
export interface PredictionReply {
  id: string;
  value: number | string;
  at: string;
}
export interface MeasureReply {
  id: string;
  /** What was measured, in the prediction's own unit. */
  value: number;
  /** Labelled figures behind it, for the chart. */
  series: { label: string; value: number }[];
  /** The same over time, where it was measured so. */
  lines?: readonly MeasuredLine[];
  says: string;
  /** Why it is so, from quiz.yaml: given out with the measurement. */
  explanation?: string;
}
/** One query of a panel: its lines on the reply's grid, or why there are none. */
export interface DrawnQuery {
  refId: string;
  asked: string;
  lines: { label: string; values: (number | null)[] }[];
  /** Lines beyond those that are drawn. */
  more?: number;
  /** Why it draws nothing, in a sentence. */
  problem?: string;
}
export interface DrawnDashboard {
  /** "file dashboard.json", "ConfigMap lab-12/red key red.json". */
  where: string;
  title: string;
  panels: { title: string; unit: string; queries: DrawnQuery[] }[];
  /** Why it cannot be read, as JSON or as a dashboard, in a sentence. */
  problem?: string;
}
export interface PanelsReply {
  /** Seconds since 1970, and between two values. */
  start: number;
  end: number;
  step: number;
  /** None where the learner has written none. */
  dashboards: DrawnDashboard[];
  /** Prometheus does not answer: its words. */
  away?: string;
}
export interface LabPage {
  report: LabReport;
  hints: Record<string, string[]>;
  quiz: Record<string, QuizReply & { choice?: number; text?: string }>;
  predictions: Record<string, PredictionReply & { measured?: MeasureReply }>;
  answers: Record<string, string>;
  terminals: TerminalView[];
}

/** Server to page on /ws/terminal/:id, as JSON text frames beside the binary frames of output. */
export type TerminalDown =
  /**
   * What is on the screen, with its history: replaces whatever the page shows. The first frame after the page has attached, and sent again
   * when a page that was too slow has caught up. seq: bytes of output since the shell's start that are drawn in it.
   */
  | { type: "screen"; data: string; cols: number; rows: number; seq: number }
  /** The shell has ended, or the terminal was closed (129). */
  | { type: "exit"; code: number };

/** Page to server on /ws/terminal/:id. */
export type TerminalUp =
  | { type: "input"; data: string }
  | { type: "resize"; cols: number; rows: number }
  | { type: "ack"; chars: number };
