/** The page's one authenticated WebSocket: verdicts, cluster state, pods and progress arrive here and go into stores. */
import { atom, map } from "nanostores";
import type { ClusterView, LabReport, PodView } from "../../../checkers/core/report.ts";
import type { Down, LabProgress, MeasureReply, TerminalView, Up } from "../../protocol.ts";
import { announce } from "./announce.ts";
import { takeExam } from "./exam.ts";
import { notePods, noteRequests } from "./history.ts";
import { stateWord } from "./words.ts";

export type Link =
  | { state: "connecting" }
  | { state: "open" }
  | { state: "lost"; since: number }
  /** The server is there and does not know this browser any more. */
  | { state: "ended" };

export interface LabState {
  state: "entering" | "ready" | "resetting" | "failed";
  says: string;
}

export const $link = atom<Link>({ state: "connecting" });
export const $cluster = atom<ClusterView | undefined>(undefined);
export const $progress = map<Record<string, LabProgress>>({});
export const $last = atom<string | undefined>(undefined);
/** The lab this page shows; "" on pages that show none. */
export const $lab = atom<string>("");
export const $reports = map<Record<string, LabReport>>({});
export const $pods = map<Record<string, PodView[]>>({});
export const $terminals = map<Record<string, TerminalView[]>>({});
export const $labState = map<Record<string, LabState>>({});
/** Runs asked for with "Check now" and not answered yet: "lab/check" to when it was asked. */
export const $running = map<Record<string, number | undefined>>({});

/** Why a run asked for could not be made: "lab/check" to a sentence. */
export const $refused = map<Record<string, string | undefined>>({});

/** What an experiment under way has measured so far, by "lab/id". */
export const $measuring = map<Record<string, Pick<MeasureReply, "series" | "lines"> | undefined>>({});

let socket: WebSocket | undefined;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;

const takeProgress = (list: LabProgress[]) => {
  for (const one of list) $progress.setKey(one.lab, one);
};

/** Takes a lab's report in, and says aloud which states have changed since the last one. */
export const takeReport = (report: LabReport): void => {
  const before = $reports.get()[report.lab];
  for (const check of report.checks) {
    const old = before?.checks.find(({ id }) => id === check.id);
    const key = `${report.lab}/${check.id}`;
    if (key in $running.get() && old && old.at !== check.at) $running.setKey(key, undefined);
    if (!old || old.state === check.state || report.lab !== $lab.get()) continue;
    announce(`${check.title}: ${stateWord[check.state]}. ${check.state === "pass" ? "" : (check.says ?? "")}`);
  }
  $reports.setKey(report.lab, report);
};

/** A lab that stays ready and says something else than before: it says why a run asked for is not made. */
const takeRefusal = ({ lab, state, says }: Extract<Down, { type: "lab" }>): boolean => {
  const before = $labState.get()[lab];
  if (state !== "ready" || before?.state !== "ready" || before.says === says) return false;
  const asked = Object.entries($running.get()).filter(
    ([key, since]) => key.startsWith(`${lab}/`) && since !== undefined,
  );
  for (const [key] of asked) {
    $running.setKey(key, undefined);
    $refused.setKey(key, says);
  }
  return asked.length > 0;
};

const take = (message: Down): void => {
  switch (message.type) {
    case "hello":
      $cluster.set(message.cluster);
      takeProgress(message.progress);
      $last.set(message.last);
      break;
    case "cluster":
      $cluster.set(message.cluster);
      break;
    case "report":
      takeReport(message.report);
      break;
    case "pods":
      $pods.setKey(message.lab, message.pods);
      notePods(message.lab, message.pods);
      break;
    case "requests":
      noteRequests(message.lab, message);
      break;
    case "measuring":
      $measuring.setKey(`${message.lab}/${message.id}`, message);
      break;
    case "exam":
      takeExam(message.exam);
      break;
    case "terminals":
      $terminals.setKey(message.lab, message.terminals);
      break;
    case "progress":
      takeProgress(message.progress);
      break;
    case "lab":
      if (!takeRefusal(message)) $labState.setKey(message.lab, { state: message.state, says: message.says });
      break;
  }
};

const send = (message: Up): boolean => {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
};

/** A socket that is refused looks like one that is lost; asking for the page tells them apart. */
const sessionEnded = async (): Promise<boolean> => {
  const answer = await fetch("/api/labs/-", { credentials: "same-origin" }).catch(() => undefined);
  return answer?.status === 401;
};

const connect = (): void => {
  clearTimeout(retry);
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  const mine = socket;
  mine.addEventListener("open", () => {
    attempts = 0;
    const again = $link.get().state === "lost";
    $link.set({ state: "open" });
    if (again) announce("Connected again.");
    send({ type: "enter", lab: $lab.get() });
  });
  mine.addEventListener("message", ({ data }) => take(JSON.parse(data as string) as Down));
  mine.addEventListener("close", async () => {
    if (mine !== socket) return;
    if ($link.get().state !== "lost") {
      if ($link.get().state === "open") announce("Connection lost. Reconnecting.");
      $link.set({ state: "lost", since: Date.now() });
    }
    attempts += 1;
    if (attempts >= 2 && (await sessionEnded())) $link.set({ state: "ended" });
    // 0.25 s, then doubling to 5 s, spread a little so that several pages don't knock together.
    const wait = Math.min(5000, 250 * 2 ** Math.min(attempts - 1, 5)) * (0.8 + Math.random() * 0.4);
    retry = setTimeout(connect, wait);
  });
};

const soon = () => {
  if (socket?.readyState === WebSocket.CLOSED) connect();
};

/** Connects, once per page load; afterwards it keeps itself connected. */
export const start = (): void => {
  if (socket) return;
  connect();
  addEventListener("online", soon);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") soon();
  });
};

/** Tells the server which lab the page shows now; "" when none. */
export const enter = (lab: string): void => {
  if ($lab.get() === lab && lab !== "") return;
  $lab.set(lab);
  send({ type: "enter", lab });
};

/** Runs a sample or disturb check now. False when there is no connection to ask over. */
export const runCheck = (lab: string, check: string): boolean => {
  if (!send({ type: "run", lab, check })) return false;
  $refused.setKey(`${lab}/${check}`, undefined);
  $running.setKey(`${lab}/${check}`, Date.now());
  return true;
};

/** Starts or ends the trickle of requests of a lab. */
export const sendRequests = (lab: string, run: boolean): boolean => send({ type: "requests", lab, run });
