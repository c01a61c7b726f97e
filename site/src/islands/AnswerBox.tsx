import { useEffect, useId, useState } from "preact/hooks";
import { sayProblem } from "../stores/api.ts";
import { $kept, handIn, keptOf } from "../stores/lab.ts";
import { useLive } from "./useLive.ts";

/** Hands in what a task asks the learner to find out. */
export default function AnswerBox({ lab, answer, label }: { lab: string; answer: string; label: string }) {
  const given = keptOf(useLive($kept), lab).answers[answer];
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const id = useId();
  useEffect(() => {
    if (given !== undefined) setText(given);
  }, [given]);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await handIn(lab, answer, text.trim());
      setNote("handed in");
    } catch (problem) {
      setNote(sayProblem(problem));
    }
  };
  return (
    <form class="answer" onSubmit={submit}>
      <label for={id}>{label}</label>
      <span class="answer-line">
        <input
          id={id}
          class="mono"
          value={text}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={text.trim() === ""}>
          Hand in
        </button>
        <span class="note" aria-live="polite">
          {note || (given !== undefined && given === text.trim() ? "handed in" : "")}
        </span>
      </span>
    </form>
  );
}
