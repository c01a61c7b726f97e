import { ChevronRight, Lightbulb, RefreshCw, Zap } from "lucide-preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { CheckReport, PartReport } from "../../../checkers/core/report.ts";
import { announce } from "../stores/announce.ts";
import { sayProblem } from "../stores/api.ts";
import { $kept, keptOf, takeHint } from "../stores/lab.ts";
import { $refused, $reports, $running, runCheck } from "../stores/socket.ts";
import { about, plural } from "../stores/words.ts";
import { EvidenceList } from "./EvidenceList.tsx";
import { Inline, Paragraphs } from "./Inline.tsx";
import { StateMark } from "./StateMark.tsx";
import { useElapsed } from "./useElapsed.ts";
import { useLive } from "./useLive.ts";

/** Whether the reader's pointer rests on the text: then nothing there may move by itself. */
const pointerOnText = () => document.querySelector("main")?.matches(":hover") ?? false;

/** Open or closed: by the reader's hand, else open while it fails, unless that would move text under the pointer. */
function useOpen(state: CheckReport["state"] | undefined): [boolean, () => void] {
  const [open, setOpen] = useState(false);
  const before = useRef(state);
  useEffect(() => {
    const changed = before.current !== state;
    const first = before.current === undefined;
    before.current = state;
    if ((changed || first) && (first || !pointerOnText())) setOpen(state === "fail");
  }, [state]);
  return [open, () => setOpen(!open)];
}

function Hints({ lab, report }: { lab: string; report: CheckReport }) {
  const kept = keptOf(useLive($kept), lab).hints[report.id];
  // A ladder belongs to one failure: another failure starts its own.
  const shown = kept && (kept.code === undefined || kept.code === report.code) ? kept.shown : [];
  const [problem, setProblem] = useState("");
  if (report.hints === 0) return null;
  const next = async () => {
    try {
      const { text, step, of } = await takeHint(lab, report.id);
      setProblem("");
      announce(`Hint ${step} of ${of}: ${text}`);
    } catch (thrown) {
      setProblem(sayProblem(thrown));
    }
  };
  return (
    <div class="hints">
      {shown.length > 0 && (
        <ol>
          {shown.map((text) => (
            <li key={text}>
              <Inline text={text} />
            </li>
          ))}
        </ol>
      )}
      {shown.length < report.hints && (
        <button type="button" class="quiet" onClick={next}>
          <Lightbulb size={16} aria-hidden="true" /> Hint {shown.length + 1} of {report.hints}
        </button>
      )}
      {problem && <p class="problem">{problem}</p>}
    </div>
  );
}

/** Beyond a check's own limit: what undoing it and the way there and back may take, in milliseconds. */
const grace = 60_000;

function CheckNow({ lab, report, within }: { lab: string; report: CheckReport; within: number }) {
  const since = useLive($running)[`${lab}/${report.id}`];
  const refused = useLive($refused)[`${lab}/${report.id}`];
  const [asked, setAsked] = useState(true);
  const busy = since !== undefined && Date.now() - since < within + grace;
  const elapsed = useElapsed(busy ? since : undefined);
  if (report.mode === "observe" || report.hidden) return null;
  const disturbs = report.mode === "disturb";
  const Icon = disturbs && !busy ? Zap : RefreshCw;
  return (
    <>
      <button
        type="button"
        class={disturbs && report.state !== "fail" ? "primary" : "quiet"}
        disabled={busy}
        onClick={() => setAsked(runCheck(lab, report.id))}
      >
        <Icon size={16} aria-hidden="true" class={busy ? "turning" : ""} />{" "}
        {busy ? `Checking … ${elapsed}` : disturbs ? "Run this check" : "Check now"}
      </button>
      {!asked || refused ? (
        <span class="problem">{refused ?? "No connection to the workbook just now."}</span>
      ) : (
        disturbs && (
          <span class="note">
            It acts on your pods, so it runs only when you say so. It takes up to {about(within)}.
          </span>
        )
      )}
    </>
  );
}

/** What became of each part of a check with partial credit. */
function Parts({ parts }: { parts: PartReport[] }) {
  return (
    <ul class="parts">
      {parts.map((part) => (
        <li key={part.id}>
          <StateMark state={part.state} />
          <span>
            {part.title}
            {part.says && (
              <>
                {": "}
                <Inline text={part.says} />
              </>
            )}
          </span>
          <span class="note">{plural(part.points, "point")}</span>
        </li>
      ))}
    </ul>
  );
}

/** What a check found, and what helps: sentence, evidence, hints; after passing, why it works. */
export default function TaskBody({ lab, check, within }: { lab: string; check: string; within: number }) {
  const report = useLive($reports)[lab]?.checks.find(({ id }) => id === check);
  const [open, toggle] = useOpen(report?.state);
  const panel = useId();
  if (!report) return <div class="task-body" />;
  const passed = report.state === "pass";
  const more = report.evidence.length > 0 || (passed && report.why);
  const label = passed
    ? "Why this works"
    : `What was seen${report.evidence.length > 1 ? ` (${plural(report.evidence.length, "thing")})` : ""}`;
  return (
    <div class="task-body" data-state={report.state}>
      {report.parts && <Parts parts={report.parts} />}
      {report.says && !report.parts && (
        <p class="says">
          <Inline text={report.says} />
        </p>
      )}
      <div class="actions">
        {more && (
          <button type="button" class="quiet" aria-expanded={open} aria-controls={panel} onClick={toggle}>
            <ChevronRight size={16} aria-hidden="true" class="chevron" /> {label}
          </button>
        )}
        {!passed && report.state !== "blocked" && <CheckNow lab={lab} report={report} within={within} />}
      </div>
      <div id={panel} hidden={!open} class="panel">
        {passed && report.why && (
          <div class="why">
            <Paragraphs text={report.why} />
          </div>
        )}
        <EvidenceList evidence={report.evidence} passed={passed} />
      </div>
      {!passed && <Hints lab={lab} report={report} />}
    </div>
  );
}
