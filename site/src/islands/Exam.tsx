import { useEffect, useState } from "preact/hooks";
import type { ExamPage, ExamState } from "../../protocol.ts";
import { sayProblem } from "../stores/api.ts";
import { $examPage, $examStates, beginExam, loadExam, submitExam } from "../stores/exam.ts";
import { $cluster, $link, enter } from "../stores/socket.ts";
import { ExamResult } from "./ExamResult.tsx";
import { ExamRoom } from "./ExamRoom.tsx";
import { useLive } from "./useLive.ts";

const nameHere = (): string => /^\/exam\/([a-z][a-z0-9-]*)/.exec(location.pathname)?.[1] ?? "";

function Begin({ page, again }: { page: ExamPage; again: boolean }) {
  const { card } = page;
  const cluster = useLive($cluster);
  const [seed, setSeed] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const begin = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      await beginExam(card.name, seed === "" ? undefined : Number(seed));
    } catch (failed) {
      setProblem(sayProblem(failed));
    }
    setBusy(false);
  };
  const ready = cluster?.state === "ready";
  return (
    <form class="exam-begin" onSubmit={begin}>
      <p>
        You have {card.minutes} minutes. Every task begins on a clean state in a namespace of its own; what was there
        from an earlier attempt goes, and its files are saved. Checks say nothing before you hand in. The clock goes on
        when the page, the workbook or the machine is closed.
      </p>
      <label>
        Seed{" "}
        <input
          inputMode="numeric"
          pattern="[0-9]{1,4}"
          value={seed}
          placeholder="any"
          onInput={(event) => setSeed(event.currentTarget.value)}
        />
        <span class="note">decides names, numbers and which tasks are drawn</span>
      </label>
      <div class="actions">
        <button type="submit" class="primary" disabled={busy || !ready}>
          {again ? "Begin a new attempt" : "Begin: the clock starts once everything is ready"}
        </button>
        {!ready && <span class="note">The cluster is not ready yet.</span>}
      </div>
      {problem && (
        <p class="exam-problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

function Head({ page }: { page: ExamPage }) {
  const { title, summary, minutes, passMark, domains, tasks } = page.card;
  return (
    <header class="lesson-head">
      <p class="lesson-kicker">
        Exam · {minutes} minutes · pass mark {passMark} %{tasks > 1 && ` · ${tasks} tasks`}
      </p>
      <h1>{title}</h1>
      <p class="lesson-summary">{summary}</p>
      <p class="exam-weights">
        {Object.entries(domains).map(([domain, weight]) => (
          <span key={domain}>
            {domain} <strong>{weight} %</strong>
          </span>
        ))}
      </p>
    </header>
  );
}

function Ended({ page, state, labs }: { page: ExamPage; state: ExamState; labs: Record<string, string> }) {
  const [problem, setProblem] = useState("");
  const { result } = page;
  const never = page.attempts.some(({ attempt, begun }) => attempt === state.attempt && begun === "");
  const again = () => submitExam(state.exam).catch((failed) => setProblem(sayProblem(failed)));
  return (
    <>
      {(state.grading || !state.graded) && state.endedBy !== "abandoned" && (
        <div class="exam-grading" role="status">
          <strong>{state.grading ? "Your work is being graded" : "Not graded yet"}</strong>
          <p>{state.says || "It is looked at once, as it was when you handed in."}</p>
          {!state.grading && (
            <button type="button" class="quiet" onClick={again}>
              Grade it again
            </button>
          )}
          {problem && <p role="alert">{problem}</p>}
        </div>
      )}
      {state.endedBy === "abandoned" && (
        <p class="exam-grading">
          {never
            ? state.says || "The last attempt was never begun: it could not be prepared."
            : "The last attempt was given up; it is not graded."}
        </p>
      )}
      {result && <ExamResult result={result} labs={labs} />}
    </>
  );
}

/** The page of one exam, whatever its state: to begin, being prepared, running, graded. */
export default function Exam({ labs }: { labs: Record<string, string> }) {
  const [name, setName] = useState("");
  const page = useLive($examPage);
  const state = useLive($examStates)[name];
  const link = useLive($link);
  const [problem, setProblem] = useState("");
  useEffect(() => setName(nameHere()), []);
  const key = `${name} ${state?.attempt} ${state?.phase} ${state?.grading} ${state?.graded} ${link.state}`;
  useEffect(() => {
    if (name === "" || link.state === "lost") return;
    loadExam(name).then(
      () => setProblem(""),
      (failed) => setProblem(sayProblem(failed)),
    );
  }, [key]);
  const running = state?.phase === "running" && page?.tasks !== undefined;
  useEffect(() => {
    document.body.toggleAttribute("data-running", running);
    if (!running) enter("");
  }, [running]);
  if (problem && !page) return <p class="exam-problem">{problem}</p>;
  if (!page || !state || page.card.name !== name) return <p class="note exam-wait">Fetching the exam …</p>;
  if (running) return <ExamRoom key={state.attempt} page={page} state={state} />;
  const earlier = page.attempts.filter(({ attempt }) => attempt !== page.result?.attempt);
  return (
    <div class="exam-page lesson">
      <Head page={page} />
      {state.phase === "preparing" ? (
        <div class="exam-grading" role="status">
          <strong>The tasks are being prepared</strong>
          <p>{state.says || "A clean namespace for each."} The clock does not run yet.</p>
        </div>
      ) : (
        <>
          {state.phase === "ended" && <Ended page={page} state={state} labs={labs} />}
          {state.phase === "ended" && <h2>Once more?</h2>}
          <Begin page={page} again={state.phase === "ended"} />
        </>
      )}
      {earlier.length > 0 && (
        <>
          <h2>Earlier attempts</h2>
          <ul class="exam-earlier">
            {earlier.map((one) => (
              <li key={one.attempt}>
                Attempt {one.attempt}, seed {one.seed}: {one.says}
                {one.graded && (
                  <>
                    {" "}
                    <button type="button" class="link" onClick={() => void loadExam(name, one.attempt)}>
                      Show it
                    </button>
                  </>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
