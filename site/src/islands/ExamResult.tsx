import type { ExamResult as Result } from "../../../checkers/exams/result.ts";
import { EvidenceList } from "./EvidenceList.tsx";
import { StateGlyph } from "./StateMark.tsx";

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;
const words = { passed: "Passed", "not-passed": "Not passed", incomplete: "Not graded yet" } as const;
const glyph = { pass: "pass", fail: "fail", untouched: "todo", blocked: "blocked", error: "error" } as const;
const said = {
  pass: "passed",
  fail: "not passed",
  untouched: "not begun",
  blocked: "not judged",
  error: "could not look",
} as const;

type Check = Result["tasks"][number]["checks"][number];

function CheckLine({ check }: { check: Check }) {
  return (
    <li class="exam-check">
      <details>
        <summary>
          <span class="state" data-state={glyph[check.state]}>
            <StateGlyph state={glyph[check.state]} />
            <span>{said[check.state]}</span>
          </span>
          <span class="exam-check-title">{check.title}</span>
          <span class="exam-points">
            {check.earned} of {check.points}
          </span>
        </summary>
        {check.says && <p>{check.says}</p>}
        <EvidenceList evidence={check.evidence} passed={check.state === "pass"} terminal={false} />
        {check.why && <p class="note">{check.why}</p>}
      </details>
    </li>
  );
}

/** What an attempt came to: score by domain, what to study, every check with what it saw. */
export function ExamResult({ result, labs }: { result: Result; labs: Record<string, string> }) {
  const { time } = result;
  const query = `?attempt=${result.attempt}`;
  const remarks = [
    ...time.oddities.map(({ says }) => says),
    ...(time.noticedLate === undefined
      ? []
      : [
          `Its time was up ${Math.round(time.noticedLate / 60_000)} min before anything of the workbook ran to end it; what was done to the cluster in between cannot be told apart.`,
        ]),
    ...(time.journal === "intact" ? [] : [`The journal was altered: entry ${time.journal} does not follow.`]),
    ...(result.lateChanges.length > 0 ? [`Changed after the end: ${result.lateChanges.join("; ")}.`] : []),
  ];
  return (
    <section class="exam-result" aria-labelledby="exam-result-title">
      <p class="exam-score" data-status={result.status}>
        <strong id="exam-result-title">{words[result.status]}</strong>
        {result.score !== null && <span>{percent(result.score)}</span>}
      </p>
      <p>{result.says}</p>
      <p class="note">
        {Math.round(time.used / 60_000)} of {time.minutes} min used ·{" "}
        {time.endedBy === "time-up" ? "ended because its time was up" : "handed in"} · seed {result.seed} · attempt{" "}
        {result.attempt} · report as <a href={`/api/exams/${result.exam}/report.html${query}`}>HTML</a>,{" "}
        <a href={`/api/exams/${result.exam}/report.md${query}`}>Markdown</a>,{" "}
        <a href={`/api/exams/${result.exam}/report.json${query}`}>JSON</a>
      </p>
      {remarks.length > 0 && (
        <ul class="exam-odd">
          {remarks.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <h2>By domain</h2>
      <table class="exam-domains">
        <thead>
          <tr>
            <th scope="col">Domain</th>
            <th scope="col">Weight</th>
            <th scope="col">Score</th>
          </tr>
        </thead>
        <tbody>
          {result.domains.map((one) => (
            <tr key={one.domain}>
              <th scope="row">{one.domain}</th>
              <td>{one.weight} %</td>
              <td>
                <meter min={0} max={1} value={one.score ?? 0} aria-label={`Score in ${one.domain}`} />
                {one.score === null ? "not graded yet" : `${percent(one.score)} (${one.earned} of ${one.points})`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {result.study.length > 0 && (
        <>
          <h2>What to study</h2>
          <ul class="exam-study">
            {result.study.map(({ lab, title, because }) => (
              <li key={lab}>
                {labs[lab] ? (
                  <a href={`/labs/${labs[lab]}/`}>
                    Lab {lab}, {title}
                  </a>
                ) : (
                  `Lab ${lab}, ${title}`
                )}
                <span class="note">: {because.join("; ")}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {result.brief && (
        <>
          <h2>{result.brief.title}</h2>
          {result.brief.sections.map((section) => (
            <div key={section.title}>
              <h3>{section.title}</h3>
              <ul class="exam-checks">
                {section.checks.map((check) => (
                  <CheckLine key={check.id} check={check} />
                ))}
              </ul>
            </div>
          ))}
        </>
      )}
      <h2>Every task</h2>
      {result.tasks.map((task) => (
        <div key={task.key} class="exam-task-result">
          <h3>
            {task.title}{" "}
            <span class="note">
              {task.domain}, {task.weight} %, {task.earned} of {task.points} points{task.flagged && ", flagged"}
            </span>
          </h3>
          <ul class="exam-checks">
            {task.checks.map((check) => (
              <CheckLine key={check.id} check={check} />
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
