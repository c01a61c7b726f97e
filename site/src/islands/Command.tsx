import { Copy, Play } from "lucide-preact";
import { useState } from "preact/hooks";
import { run } from "../stores/terminals.ts";

/** A command to see something with one's own eyes: run it in the page's terminal, where it has one, or copy it. */
export function Command({ command, terminal }: { command: string; terminal: boolean }) {
  const [note, setNote] = useState("");
  const go = async () => {
    const result = await run(command);
    setNote("ran" in result ? `ran just now in ${result.ran}` : result.problem);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setNote("copied");
  };
  return (
    <div class="command">
      <code>{command}</code>
      <span class="ran" aria-live="polite">
        {note}
      </span>
      <span class="buttons">
        {terminal && (
          <button type="button" class="frame-button" onClick={go}>
            <Play size={14} aria-hidden="true" /> Run
          </button>
        )}
        <button type="button" class="frame-button" onClick={copy}>
          <Copy size={14} aria-hidden="true" /> Copy
        </button>
      </span>
    </div>
  );
}
