import { Flag, Send } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ExamPage, ExamState, ExamTaskView } from "../../protocol.ts";
import { announce } from "../stores/announce.ts";
import { sayProblem } from "../stores/api.ts";
import { abandonExam, flagTask, handInExam, submitExam } from "../stores/exam.ts";
import { keep, kept } from "../stores/kept.ts";
import { enter } from "../stores/socket.ts";
import { ExamClock } from "./ExamClock.tsx";

function AnswerField(props: { exam: string; task: ExamTaskView; answer: string; label: string }) {
  const { exam, task, answer, label } = props;
  const [text, setText] = useState(task.given[answer] ?? "");
  const [note, setNote] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      await handInExam(exam, task.key, answer, text);
      task.given[answer] = text;
      setNote(`Kept in answers/${answer}.txt.`);
    } catch (problem) {
      setNote(sayProblem(problem));
    }
  };
  return (
    <form class="exam-answer" onSubmit={save}>
      <label>
        {label}
        <input value={text} onInput={(event) => setText(event.currentTarget.value)} autocomplete="off" />
      </label>
      <button type="submit" class="quiet">
        Keep it
      </button>
      <span class="note" aria-live="polite">
        {note}
      </span>
    </form>
  );
}

function SubmitDialog(props: { state: ExamState; tasks: ExamTaskView[]; onProblem(text: string): void }) {
  const { state, tasks } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const act = async (what: (exam: string) => Promise<void>) => {
    setBusy(true);
    try {
      await what(state.exam);
      dialog.current?.close();
    } catch (problem) {
      props.onProblem(sayProblem(problem));
      dialog.current?.close();
    }
    setBusy(false);
  };
  const flagged = tasks.filter(({ key }) => state.flags.includes(key));
  return (
    <>
      <button type="button" class="primary exam-submit" onClick={() => dialog.current?.showModal()}>
        <Send size={15} aria-hidden="true" /> Hand in
      </button>
      <dialog ref={dialog} class="ask" aria-labelledby="submit-title">
        <h2 id="submit-title">Hand the exam in?</h2>
        <p>
          The clock stops, the terminals close, and everything is graded as it stands. What you do afterwards does not
          count.
        </p>
        {flagged.length > 0 && (
          <p>
            You flagged {flagged.length === 1 ? "one task" : `${flagged.length} tasks`} to come back to:{" "}
            {flagged.map(({ title }) => title).join("; ")}.
          </p>
        )}
        <div class="actions">
          <button type="button" class="primary" disabled={busy} onClick={() => act(submitExam)}>
            Hand in
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Go on working
          </button>
          <button type="button" class="link" disabled={busy} onClick={() => act(abandonExam)}>
            Give up, ungraded
          </button>
        </div>
      </dialog>
    </>
  );
}

/** An exam that runs: the clock, the tasks, the text of one of them; its terminals are in the workbench beside. */
export function ExamRoom({ page, state }: { page: ExamPage; state: ExamState & { told: number } }) {
  const tasks = page.tasks ?? [];
  const place = `exam:${state.exam}:${state.attempt}`;
  const [key, setKey] = useState(() => kept(place) ?? tasks[0]?.key ?? "");
  const [problem, setProblem] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const at = Math.max(
    0,
    tasks.findIndex((one) => one.key === key),
  );
  const task = tasks[at];
  useEffect(() => {
    if (task) enter(task.station);
  }, [task?.station]);
  const show = (next: ExamTaskView | undefined) => {
    if (!next) return;
    setKey(next.key);
    keep(place, next.key);
    heading.current?.focus({ preventScroll: true });
    document.querySelector(".exam-task")?.scrollIntoView({ block: "start" });
    announce(`Task ${next.key}: ${next.title}`);
  };
  const flag = async (one: ExamTaskView) => {
    const on = !state.flags.includes(one.key);
    try {
      await flagTask(state.exam, one.key, on);
      announce(on ? "Flagged." : "Flag taken away.");
    } catch (failed) {
      setProblem(sayProblem(failed));
    }
  };
  return (
    <div class="exam-room">
      <div class="exam-bar">
        <ExamClock remaining={state.remaining} told={state.told} />
        <span class="exam-bar-title">{page.card.title}</span>
        <SubmitDialog state={state} tasks={tasks} onProblem={setProblem} />
      </div>
      {state.oddities.length > 0 && (
        <ul class="exam-odd">
          {state.oddities.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      {problem && (
        <p class="exam-problem" role="alert">
          {problem}
        </p>
      )}
      <nav aria-label="Tasks of the exam">
        <ol class="exam-list">
          {tasks.map((one, index) => {
            const flagged = state.flags.includes(one.key);
            return (
              <li key={one.key} data-current={one === task || undefined}>
                <button type="button" aria-current={one === task ? "true" : undefined} onClick={() => show(one)}>
                  <span class="exam-number">{index + 1}</span>
                  <span class="exam-title">{one.title}</span>
                  <span class="exam-domain">{one.domain}</span>
                  <span class="exam-weight">{one.weight} %</span>
                </button>
                <button
                  type="button"
                  class="icon-button exam-flag"
                  aria-pressed={flagged}
                  aria-label={`Come back to: ${one.title}`}
                  title={flagged ? "Take the flag away" : "Flag: come back to this"}
                  onClick={() => void flag(one)}
                >
                  <Flag size={15} aria-hidden="true" />
                </button>
              </li>
            );
          })}
        </ol>
      </nav>
      {task && (
        <article class="exam-task lesson" aria-labelledby="exam-task-title">
          <p class="lesson-kicker">
            {task.domain} · {task.weight} % of the exam · about {task.minutes} min · namespace{" "}
            <code>{task.namespace}</code>
          </p>
          <h2 id="exam-task-title" tabIndex={-1} ref={heading}>
            {task.title}
          </h2>
          <div
            class="exam-text"
            // Made by the server out of the bank's text; markup in it is text there.
            dangerouslySetInnerHTML={{ __html: task.html }}
          />
          {Object.entries(task.answers).map(([answer, label]) => (
            <AnswerField key={`${task.key}/${answer}`} exam={state.exam} task={task} answer={answer} label={label} />
          ))}
          <div class="exam-steps">
            <button type="button" class="quiet" disabled={at === 0} onClick={() => show(tasks[at - 1])}>
              Back
            </button>
            <button type="button" class="quiet" disabled={at === tasks.length - 1} onClick={() => show(tasks[at + 1])}>
              Next task
            </button>
          </div>
        </article>
      )}
    </div>
  );
}
