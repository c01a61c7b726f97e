import { useStore } from "@nanostores/preact";
import { ArrowDown, ArrowUp, X } from "lucide-preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { session } from "../stores/terminals.ts";
import type { SessionState, TerminalSession } from "../terminal/session.ts";

function SearchBar({ terminal }: { terminal: TerminalSession }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <search class="terminal-search">
      <input
        ref={input}
        type="search"
        aria-label="Search this terminal"
        placeholder="Search this terminal"
        onInput={(event) => terminal.find(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") terminal.find(event.currentTarget.value, event.shiftKey);
          if (event.key === "Escape") terminal.search(false);
        }}
      />
      <button
        type="button"
        class="icon-button"
        aria-label="Previous"
        onClick={() => terminal.find(input.current?.value ?? "", true)}
      >
        <ArrowUp size={16} aria-hidden="true" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Next"
        onClick={() => terminal.find(input.current?.value ?? "")}
      >
        <ArrowDown size={16} aria-hidden="true" />
      </button>
      <button type="button" class="icon-button" aria-label="Close search" onClick={() => terminal.search(false)}>
        <X size={16} aria-hidden="true" />
      </button>
    </search>
  );
}

function Overlay({ terminal, state, onAgain }: { terminal: TerminalSession; state: SessionState; onAgain(): void }) {
  return (
    <>
      {state.searching && <SearchBar terminal={terminal} />}
      {state.exited !== undefined ? (
        <p class="terminal-note">
          The shell has ended{state.exited === 0 ? "" : ` (exit code ${state.exited})`}.{" "}
          <button type="button" class="link" onClick={onAgain}>
            Open another
          </button>
        </p>
      ) : (
        !state.connected && <p class="terminal-note">Reconnecting … what you typed is kept.</p>
      )}
    </>
  );
}

const useSession = (lab: string, id: string): TerminalSession | undefined => {
  const [terminal, setTerminal] = useState<TerminalSession>();
  useEffect(() => {
    let current = true;
    void session(lab, id).then((opened) => current && setTerminal(opened));
    return () => {
      current = false;
    };
  }, [lab, id]);
  return terminal?.id === id ? terminal : undefined;
};

function Live(props: { terminal: TerminalSession; onAgain(): void }) {
  const { terminal } = props;
  const host = useRef<HTMLDivElement>(null);
  const state = useStore(terminal.$state);
  const settled = useSettled(state.connected);
  useLayoutEffect(() => {
    if (host.current) terminal.attach(host.current);
    return () => terminal.detach();
  }, [terminal]);
  return (
    <>
      <div class="terminal-host" ref={host} />
      <Overlay terminal={terminal} state={{ ...state, connected: settled }} onAgain={props.onAgain} />
    </>
  );
}

/** A connection that is away for a moment only is not worth a word. */
function useSettled(connected: boolean): boolean {
  const [settled, setSettled] = useState(true);
  useEffect(() => {
    if (connected) {
      setSettled(true);
      return;
    }
    const timer = setTimeout(() => setSettled(false), 600);
    return () => clearTimeout(timer);
  }, [connected]);
  return settled;
}

/** One terminal's place in the workbench. The terminal itself outlives it. */
export function TerminalPane(props: { lab: string; id: string; title: string; onFocus(): void; onAgain(): void }) {
  const terminal = useSession(props.lab, props.id);
  return (
    <section class="terminal-pane" aria-label={props.title} onFocusCapture={props.onFocus}>
      {terminal ? <Live terminal={terminal} onAgain={props.onAgain} /> : <p class="terminal-note">Opening …</p>}
    </section>
  );
}
