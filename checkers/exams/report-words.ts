import { spoken } from "../core/duration.ts";
import { inText, pointsOf, stateWord } from "../grading/writers/words.ts";
import type { DomainResult, ExamResult } from "./result.ts";

export const statusWords: Readonly<Record<ExamResult["status"], string>> = {
  passed: "passed",
  "not-passed": "not passed",
  incomplete: "not graded yet",
};

export const percentOf = (share: number): string => `${Math.round(share * 1000) / 10} %`;

export const domainLine = ({ score, earned, points }: DomainResult): string =>
  score === null ? "not graded yet" : `${percentOf(score)} (${earned} of ${points})`;

const ended = { submitted: "handed in", "time-up": "ended because its time was up", abandoned: "given up" } as const;

export function timeLine({ time }: ExamResult): string {
  const extra = time.minutes === time.standard ? "" : ` (the exam gives ${time.standard})`;
  return `Begun ${time.startedAt}, ${ended[time.endedBy]} ${time.endedAt}; ${spoken(time.used)} of ${time.minutes} min used${extra}.`;
}

/** What whoever reads the result must know of its clocks, its journal and what came after the end. */
export function clockLines({ time, lateChanges }: ExamResult): string[] {
  const lines = time.oddities.map(({ at, says }) => `${at}: ${says}`);
  if (time.noticedLate !== undefined) {
    lines.push(
      `Its time was up ${spoken(time.noticedLate)} before anything of the workbook ran to end it. What was done to the cluster in between cannot be told apart.`,
    );
  }
  if (time.journal !== "intact") {
    lines.push(`The journal was altered: entry ${time.journal} does not follow from those before it.`);
  }
  if (lateChanges.length > 0) {
    lines.push(
      `Changed with kubectl after the end, so what is graded there may not be what was: ${lateChanges.join("; ")}.`,
    );
  }
  return lines;
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The result as Markdown. */
export function examMarkdown(result: ExamResult): string {
  const lines = [
    `# ${result.title}`,
    "",
    `**${statusWords[result.status]}**: ${result.says}`,
    "",
    `${timeLine(result)} Seed ${result.seed}, attempt ${result.attempt}.`,
    "",
    ...clockLines(result).flatMap((line) => [`> ${line}`, ""]),
    "| Domain | Weight | Score |",
    "| --- | ---: | ---: |",
    ...result.domains.map((one) => `| ${one.domain} | ${one.weight} % | ${domainLine(one)} |`),
    "",
  ];
  if (result.study.length > 0) {
    lines.push("## What to study", "");
    for (const { lab, title, because } of result.study) lines.push(`- Lab ${lab}, ${title}: ${because.join("; ")}`);
    lines.push("");
  }
  if (result.brief) {
    lines.push(`## ${result.brief.title}`, "");
    for (const { title, checks } of result.brief.sections) {
      lines.push(`### ${title}`, "", ...checks.flatMap(checkLines), "");
    }
  }
  lines.push("## Every task", "");
  for (const task of result.tasks) {
    lines.push(
      `### ${task.key} ${task.title}`,
      "",
      `${task.domain}, ${task.weight} % of the exam, ${task.earned} of ${task.points} points${task.flagged ? ", flagged" : ""}`,
      "",
      ...task.checks.flatMap(checkLines),
      "",
    );
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

const checkLines = (check: ExamResult["tasks"][number]["checks"][number]): string[] => {
  const { glyph, word } = stateWord[check.state];
  const text = inText(check)
    .split("\n")
    .filter((line) => line !== "");
  return [
    `- ${glyph} ${word}: **${cell(check.title)}** (${pointsOf(check)})`,
    ...text.map((line) => `  - ${cell(line)}`),
  ];
};
