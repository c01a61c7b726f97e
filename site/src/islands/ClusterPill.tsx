import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ClusterView } from "../../../checkers/core/report.ts";
import { $cluster, $link, type Link } from "../stores/socket.ts";
import { about, plural, timeOf } from "../stores/words.ts";
import { ClusterSteps } from "./ClusterSteps.tsx";
import { Trouble } from "./Trouble.tsx";
import { useLive } from "./useLive.ts";

const short = (view: ClusterView): string => {
  switch (view.state) {
    case "ready":
      return "Ready";
    case "building": {
      const left = view.remaining === undefined ? "" : `, ${about(view.remaining)}`;
      return `Building ${Math.round(view.progress * 100)} %${left}`;
    }
    case "unreachable":
      return `Unreachable since ${timeOf(view.since)}`;
    case "failed":
      return "Cluster failed";
    case "stopped":
      return "Cluster stopped";
    case "absent":
      return "No cluster";
  }
};

const label = (link: Link, view: ClusterView | undefined): { kind: string; text: string } => {
  if (link.state === "ended") return { kind: "failed", text: "Session ended" };
  if (link.state === "lost") return { kind: "lost", text: "Reconnecting …" };
  if (link.state === "connecting" || !view) return { kind: "connecting", text: "Connecting …" };
  return { kind: view.state, text: short(view) };
};

function Details({ view }: { view: ClusterView }) {
  const facts = [view.provider, view.version, view.nodes !== undefined && plural(view.nodes, "node")].filter(Boolean);
  return (
    <>
      <p class="pill-summary">{view.summary}</p>
      {facts.length > 0 && <p class="note">{facts.join(" · ")}</p>}
      {view.error && <Trouble error={view.error} />}
      {view.steps.length > 0 && <ClusterSteps view={view} />}
    </>
  );
}

const linkSays: Record<Link["state"], string> = {
  connecting: "Connecting to the workbook on this machine.",
  open: "",
  lost: "The connection to the workbook was lost; what you typed is kept. If it stays so: ./workbook status, then ./workbook up.",
  ended:
    "The workbook does not know this browser any more. Run ./workbook open in a terminal of yours: it gives a fresh address.",
};

/** The cluster's state in the header; opens to the steps and what went wrong. */
export default function ClusterPill() {
  const link = useLive($link);
  const view = useLive($cluster);
  const [open, setOpen] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const id = useId();
  const { kind, text } = label(link, view);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!element.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [open]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape inside closes the popover, wherever the focus is
    <div
      class="pill-box"
      ref={element}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        setOpen(false);
        element.current?.querySelector("button")?.focus();
      }}
    >
      <button
        type="button"
        class="pill"
        data-kind={kind}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <span class="dot" aria-hidden="true" />
        <span class="sr-only">Cluster: </span>
        <span class="pill-text">{text}</span>
      </button>
      <div class="popover" id={id} hidden={!open}>
        {linkSays[link.state] && <p>{linkSays[link.state]}</p>}
        {view && <Details view={view} />}
      </div>
    </div>
  );
}
