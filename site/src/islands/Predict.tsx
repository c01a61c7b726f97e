import { FlaskConical, Lock } from "lucide-preact";
import { useId, useState } from "preact/hooks";
import type { PublicPrediction } from "../../../checkers/core/quiz.ts";
import { sayProblem } from "../stores/api.ts";
import { $kept, keptOf, lockPrediction, measure } from "../stores/lab.ts";
import { $measuring } from "../stores/socket.ts";
import { timeOf } from "../stores/words.ts";
import { Inline, Paragraphs } from "./Inline.tsx";
import { MeasuringChart, PredictionChart } from "./PredictionChart.tsx";
import { useElapsed } from "./useElapsed.ts";
import { useLive } from "./useLive.ts";

function NumberInput(props: {
  prediction: PublicPrediction & { kind: "number" };
  value: number;
  set(value: number): void;
}) {
  const { prediction, value, set } = props;
  const id = useId();
  const { min, max, step, unit } = prediction;
  const take = (event: { currentTarget: HTMLInputElement }) => {
    const next = event.currentTarget.valueAsNumber;
    if (Number.isFinite(next)) set(Math.min(max, Math.max(min, next)));
  };
  return (
    <div class="slider">
      <label for={id}>Your prediction</label>
      <input id={id} type="range" min={min} max={max} step={step} value={value} onInput={take} />
      <span class="slider-value">
        <input
          type="number"
          aria-label="Your prediction as a number"
          min={min}
          max={max}
          step={step}
          value={value}
          onChange={take}
        />{" "}
        {unit}
      </span>
    </div>
  );
}

function ChoiceInput(props: { id: string; choices: string[]; value: string; set(value: string): void }) {
  return (
    <fieldset class="choices">
      <legend class="sr-only">Your prediction</legend>
      {props.choices.map((choice) => (
        <label key={choice}>
          <input type="radio" name={props.id} checked={props.value === choice} onChange={() => props.set(choice)} />
          <span>
            <Inline text={choice} />
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Predict, then run: the learner commits to a number or a choice, then the cluster answers. */
export default function Predict({ lab, prediction }: { lab: string; prediction: PublicPrediction }) {
  const locked = keptOf(useLive($kept), lab).predictions[prediction.id];
  const [number, setNumber] = useState(
    prediction.kind === "number"
      ? Math.round((prediction.min + prediction.max) / 2 / prediction.step) * prediction.step
      : 0,
  );
  const [choice, setChoice] = useState("");
  const [busy, setBusy] = useState<number>();
  const [problem, setProblem] = useState("");
  const elapsed = useElapsed(busy);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(Date.now());
    setProblem("");
    await work().catch((thrown) => setProblem(sayProblem(thrown)));
    setBusy(undefined);
  };
  const value = prediction.kind === "number" ? number : choice;
  const measured = locked?.measured;
  const soFar = useLive($measuring)[`${lab}/${prediction.id}`];
  return (
    <section class="predict" aria-label="Prediction" id={`predict-${prediction.id}`}>
      <p class="kicker">
        <FlaskConical size={16} aria-hidden="true" /> Predict, then run
      </p>
      <div class="question">
        <Paragraphs text={prediction.question} />
      </div>
      {!locked && (
        <>
          {prediction.kind === "number" ? (
            <NumberInput prediction={prediction} value={number} set={setNumber} />
          ) : (
            <ChoiceInput id={prediction.id} choices={prediction.choices} value={choice} set={setChoice} />
          )}
          <div class="actions">
            <button
              type="button"
              class="primary"
              disabled={value === "" || busy !== undefined}
              onClick={() => attempt(() => lockPrediction(lab, prediction.id, value))}
            >
              <Lock size={15} aria-hidden="true" /> Lock it in
            </button>
            <span class="note">It can't be changed afterwards. That is the point.</span>
          </div>
        </>
      )}
      {locked && (
        <>
          <p class="locked">
            <Lock size={15} aria-hidden="true" /> You said{" "}
            <b>
              <Inline text={String(locked.value)} />
              {prediction.kind === "number" && ` ${prediction.unit}`}
            </b>{" "}
            at {timeOf(locked.at)}.
          </p>
          <div class="actions">
            <button
              type="button"
              class={measured ? "quiet" : "primary"}
              disabled={busy !== undefined}
              onClick={() => attempt(() => measure(lab, prediction.id))}
            >
              {busy !== undefined ? `Measuring … ${elapsed}` : measured ? "Run it again" : "Run the experiment"}
            </button>
          </div>
        </>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div aria-live="polite">
        {locked && busy !== undefined && soFar && (
          <MeasuringChart prediction={prediction} said={locked.value} {...soFar} />
        )}
        {locked && measured && busy === undefined && (
          <PredictionChart prediction={prediction} said={locked.value} measured={measured} />
        )}
      </div>
    </section>
  );
}
