import { useEffect } from "preact/hooks";
import { $layouts, layoutOf, markFocused, reconcile, type Tab } from "../stores/layout.ts";
import { $cluster, $lab, $labState, $link, $terminals } from "../stores/socket.ts";
import { $drawer, $trouble, closedByHand, open, prune, restart, titleOf } from "../stores/terminals.ts";
import { DrawerHandle } from "./DrawerHandle.tsx";
import { PaneBorder } from "./PaneBorder.tsx";
import { PodStrip } from "./PodStrip.tsx";
import { TerminalPane } from "./TerminalPane.tsx";
import { TerminalTabs } from "./TerminalTabs.tsx";
import { useLive } from "./useLive.ts";
import { clusterHead, WaitingPane } from "./WaitingPane.tsx";

function Panes({ lab, tab }: { lab: string; tab: Tab }) {
  return (
    <div
      class="panes"
      data-direction={tab.direction}
      id="terminal-panel"
      role="tabpanel"
      aria-labelledby={`tab-${tab.id}`}
    >
      {tab.panes.map((pane) => (
        <TerminalPane
          key={pane}
          lab={lab}
          id={pane}
          title={titleOf(lab, pane)}
          onFocus={() => markFocused(lab, tab.id, pane)}
          onAgain={() => void restart(lab, pane)}
        />
      ))}
    </div>
  );
}

function useTerminals(lab: string, ready: boolean): void {
  const terminals = useLive($terminals)[lab];
  useEffect(() => {
    if (lab === "" || !terminals) return;
    reconcile(lab, terminals);
    prune(lab, new Set(terminals.map(({ id }) => id)));
  }, [lab, terminals]);
  useEffect(() => {
    // What could not be opened is tried again once the lab has become ready anew.
    if (!ready) $trouble.set(undefined);
    if (lab === "" || !ready || terminals?.length !== 0 || closedByHand.has(lab) || $trouble.get()) return;
    void open(lab);
  }, [lab, ready, terminals]);
}

/** The machine's side of the page: terminals in tabs, and the lab's pods under them. Lives across lessons. */
export default function Workbench() {
  const lab = useLive($lab);
  const link = useLive($link);
  const view = useLive($cluster);
  const labState = useLive($labState)[lab];
  const layout = layoutOf(useLive($layouts), lab);
  const trouble = useLive($trouble);
  const drawer = useLive($drawer);
  useLive($terminals);
  const ready = view?.state === "ready" && labState?.state === "ready";
  useTerminals(lab, ready);
  const tab = layout.tabs.find(({ id }) => id === layout.active);
  return (
    <aside class="workbench" aria-label="Workbench" data-open={drawer || undefined} data-pane="workbench">
      <PaneBorder />
      <DrawerHandle open={drawer} />
      <div class="bench">
        <TerminalTabs lab={lab} layout={layout} ready={ready} />
        <div class="bench-body">
          {tab ? (
            <Panes key={lab} lab={lab} tab={tab} />
          ) : (
            <WaitingPane link={link} view={view} lab={labState} trouble={trouble} onOpen={() => void open(lab)} />
          )}
          {tab && view && view.state !== "ready" && (
            <p class="terminal-note">
              {clusterHead[view.state]}. {view.summary}
            </p>
          )}
        </div>
        <PodStrip />
      </div>
    </aside>
  );
}
