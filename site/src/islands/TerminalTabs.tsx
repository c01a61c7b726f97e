import { Accessibility, Plus, SquareSplitHorizontal, SquareSplitVertical, X } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { kept } from "../stores/kept.ts";
import { activate, type Layout, rename, type Tab } from "../stores/layout.ts";
import { $screenReader, close, open, setScreenReader, titleOf } from "../stores/terminals.ts";
import { useLive } from "./useLive.ts";

function TabButton(props: { lab: string; tab: Tab; selected: boolean; onKey(event: KeyboardEvent): void }) {
  const { lab, tab, selected } = props;
  const [naming, setNaming] = useState(false);
  const named = tab.panes[0] ?? tab.id;
  const title = titleOf(lab, named);
  const done = (name: string | undefined) => {
    if (name !== undefined) rename(lab, named, name);
    setNaming(false);
  };
  if (naming) {
    return (
      <input
        class="tab-name"
        aria-label="Name of this terminal"
        value={title}
        ref={(input) => input?.select()}
        onBlur={(event) => done(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") done(event.currentTarget.value);
          if (event.key === "Escape") done(undefined);
        }}
      />
    );
  }
  return (
    <span class="tab" data-selected={selected || undefined}>
      <button
        type="button"
        role="tab"
        id={`tab-${tab.id}`}
        aria-selected={selected}
        aria-controls="terminal-panel"
        tabIndex={selected ? 0 : -1}
        title={`${title} (double-click or F2 renames)`}
        onClick={() => activate(lab, tab.id)}
        onDblClick={() => setNaming(true)}
        onKeyDown={(event) => (event.key === "F2" ? setNaming(true) : props.onKey(event))}
      >
        {title}
        {tab.panes.length > 1 && <span class="tab-count"> +{tab.panes.length - 1}</span>}
      </button>
      <button
        type="button"
        class="tab-close"
        aria-label={`Close ${title}`}
        title="Close: ends what runs in it"
        tabIndex={selected ? 0 : -1}
        onClick={() => {
          for (const pane of tab.panes) void close(lab, pane);
        }}
      >
        <X size={14} aria-hidden="true" />
      </button>
    </span>
  );
}

/** The terminals' tabs, and the buttons that open and split. */
export function TerminalTabs({ lab, layout, ready }: { lab: string; layout: Layout; ready: boolean }) {
  const list = useRef<HTMLDivElement>(null);
  const reader = useLive($screenReader);
  useEffect(() => $screenReader.set(kept("screen-reader") === "on"), []);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = layout.tabs.findIndex(({ id }) => id === layout.active);
    const next = layout.tabs[(at + step + layout.tabs.length) % layout.tabs.length];
    if (!next) return;
    activate(lab, next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${CSS.escape(next.id)}`)?.focus();
  };
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label="Terminals" ref={list}>
        {layout.tabs.map((tab) => (
          <TabButton key={tab.id} lab={lab} tab={tab} selected={tab.id === layout.active} onKey={move} />
        ))}
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label="New terminal"
        title="New terminal"
        disabled={!ready}
        onClick={() => void open(lab)}
      >
        <Plus size={17} aria-hidden="true" />
      </button>
      <span class="tabs-gap" />
      <button
        type="button"
        class="icon-button"
        aria-label="Terminals as text for screen readers"
        title="Terminals as text for screen readers"
        aria-pressed={reader}
        onClick={() => setScreenReader(!reader)}
      >
        <Accessibility size={17} aria-hidden="true" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Split side by side"
        title="Split side by side"
        disabled={!ready}
        onClick={() => void open(lab, "row")}
      >
        <SquareSplitHorizontal size={17} aria-hidden="true" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Split one above the other"
        title="Split one above the other"
        disabled={!ready}
        onClick={() => void open(lab, "column")}
      >
        <SquareSplitVertical size={17} aria-hidden="true" />
      </button>
    </div>
  );
}
