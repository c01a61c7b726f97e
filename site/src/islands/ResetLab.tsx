import { RotateCcw } from "lucide-preact";
import { useRef, useState } from "preact/hooks";
import { announce } from "../stores/announce.ts";
import { sayProblem } from "../stores/api.ts";
import { resetLab } from "../stores/lab.ts";

/** Starts the lab again, after asking: says beforehand what goes and what stays. */
export default function ResetLab({ lab }: { lab: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [note, setNote] = useState("");
  const reset = async () => {
    setBusy(true);
    setNote("");
    try {
      const { saved } = await resetLab(lab);
      setNote(`The lab is at its start again. Your files were saved to ${saved}`);
      announce("The lab is at its start again.");
    } catch (problem) {
      setNote(sayProblem(problem));
    }
    setBusy(false);
  };
  return (
    <>
      <button
        type="button"
        class="link reset"
        onClick={() => {
          setNote("");
          dialog.current?.showModal();
        }}
      >
        <RotateCcw size={14} aria-hidden="true" /> Reset
      </button>
      <dialog ref={dialog} class="ask" aria-labelledby="reset-title">
        <h2 id="reset-title">Start this lab again?</h2>
        <p>
          What is in the lab's namespace goes, and the start is put there anew. Your working folder is saved first;
          points, answers to the quiz and predictions stay.
        </p>
        <p aria-live="polite" class="note">
          {busy ? "Resetting … usually under half a minute." : note}
        </p>
        <div class="actions">
          <button type="button" class="primary" disabled={busy} onClick={reset}>
            Reset the lab
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            {note ? "Close" : "Keep it as it is"}
          </button>
        </div>
      </dialog>
    </>
  );
}
