import { ArrowLeft, ArrowRight, Check, ListChecks, X } from "lucide-preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { PublicQuizItem } from "../../../checkers/core/quiz.ts";
import type { QuizReply } from "../../protocol.ts";
import { announce } from "../stores/announce.ts";
import { sayProblem } from "../stores/api.ts";
import { $kept, answerQuiz, keptOf } from "../stores/lab.ts";
import { Inline, Paragraphs } from "./Inline.tsx";
import { useLive } from "./useLive.ts";

type Reply = QuizReply & { choice?: number; text?: string };

function Choices(props: { choices: string[]; reply: Reply | undefined; pick(choice: number): void }) {
  const { choices, reply } = props;
  return (
    <ol class="quiz-choices">
      {choices.map((choice, index) => {
        const right = reply?.correct === index;
        const picked = reply?.choice === index;
        return (
          <li key={choice} data-right={reply ? right : undefined} data-picked={picked || undefined}>
            <button type="button" disabled={reply !== undefined} onClick={() => props.pick(index)}>
              <kbd>{index + 1}</kbd>
              <span>
                <Inline text={choice} />
              </span>
              {reply && (right ? <Check size={18} aria-label="right" /> : <X size={18} aria-label="not it" />)}
            </button>
            {reply?.explanations[index] && (
              <p class="choice-why">
                {picked && <span class="you">your answer · </span>}
                <Inline text={reply.explanations[index]} />
              </p>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function FreeText(props: { reply: Reply | undefined; give(text: string): void }) {
  const [text, setText] = useState("");
  const id = useId();
  if (props.reply) {
    return (
      <div class="compare">
        <div>
          <h4>You wrote</h4>
          <Paragraphs text={props.reply.text ?? text} />
        </div>
        <div>
          <h4>A good answer</h4>
          <Paragraphs text={props.reply.explanations[0] ?? ""} />
        </div>
      </div>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.give(text.trim());
      }}
    >
      <label for={id}>In your own words</label>
      <textarea id={id} rows={4} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" class="primary" disabled={text.trim() === ""}>
        Compare with a good answer
      </button>
    </form>
  );
}

/** Keys 1 to 4 answer while the quiz is on screen and nothing is being typed elsewhere. */
function useDigits(element: { current: HTMLElement | null }, pick: (choice: number) => void) {
  const latest = useRef(pick);
  latest.current = pick;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !/^[1-4]$/.test(event.key)) return;
      const at = document.activeElement;
      if (at?.closest("input:not([type=radio]), textarea, select, .xterm, dialog")) return;
      const box = element.current?.getBoundingClientRect();
      if (!box || box.top > innerHeight * 0.75 || box.bottom < innerHeight * 0.25) return;
      latest.current(Number(event.key) - 1);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [element]);
}

/** The quiz: one question at a time, every choice explained once answered. */
export default function Quiz({ lab, items }: { lab: string; items: PublicQuizItem[] }) {
  const replies = keptOf(useLive($kept), lab).quiz;
  const [at, setAt] = useState<number>();
  const [problem, setProblem] = useState("");
  const element = useRef<HTMLElement>(null);
  const firstOpen = items.findIndex(({ id }) => !replies[id]);
  const index = at ?? Math.max(0, firstOpen);
  const item = items[index] as PublicQuizItem;
  const reply = replies[item.id];
  const give = async (given: { choice: number } | { text: string }) => {
    if (reply) return;
    // Stay on this question: without this the next open one would take its place.
    setAt(index);
    try {
      await answerQuiz(lab, item.id, given);
      setProblem("");
      const now = keptOf($kept.get(), lab).quiz[item.id];
      if (now?.right !== undefined) announce(now.right ? "Right." : "Not it.");
    } catch (thrown) {
      setProblem(sayProblem(thrown));
    }
  };
  const pick = (choice: number) => {
    if (item.kind === "choice" && choice < item.choices.length) void give({ choice });
  };
  useDigits(element, pick);
  const asked = items.filter(({ kind }) => kind === "choice");
  const right = asked.filter(({ id }) => replies[id]?.right).length;
  const done = items.every(({ id }) => replies[id]);
  return (
    <section class="quiz" ref={element} aria-label="Quiz">
      <p class="kicker">
        <ListChecks size={16} aria-hidden="true" /> Quiz
      </p>
      <ol class="quiz-steps" aria-label="Questions">
        {items.map(({ id }, step) => {
          const answered = replies[id];
          const word = !answered ? "open" : answered.right === false ? "not it" : answered.right ? "right" : "answered";
          return (
            <li key={id}>
              <button
                type="button"
                data-answer={word}
                aria-current={step === index ? "step" : undefined}
                aria-label={`Question ${step + 1}, ${word}`}
                onClick={() => setAt(step)}
              >
                {step + 1}
              </button>
            </li>
          );
        })}
      </ol>
      <div class="question">
        <Paragraphs text={item.question} />
      </div>
      {item.kind === "choice" ? (
        <Choices key={item.id} choices={item.choices} reply={reply} pick={pick} />
      ) : (
        <FreeText key={item.id} reply={reply} give={(text) => void give({ text })} />
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="quiz-foot">
        <button type="button" class="quiet" disabled={index === 0} onClick={() => setAt(index - 1)}>
          <ArrowLeft size={16} aria-hidden="true" /> Back
        </button>
        <span class="note">
          {done
            ? `All answered: ${right} of ${asked.length} right.`
            : `Question ${index + 1} of ${items.length}${item.kind === "choice" && !reply ? ` · keys 1–${item.choices.length}` : ""}`}
        </span>
        <button type="button" class="quiet" disabled={index === items.length - 1} onClick={() => setAt(index + 1)}>
          Next <ArrowRight size={16} aria-hidden="true" />
        </button>
      </div>
    </section>
  );
}
