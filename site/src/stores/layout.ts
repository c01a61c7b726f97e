/** How a lab's terminals are laid out: tabs, each with one or more panes side by side or stacked. Remembered per lab. */
import { map } from "nanostores";
import type { TerminalView } from "../../protocol.ts";
import { keep, kept } from "./kept.ts";

export interface Tab {
  /** The terminal it was opened with. */
  id: string;
  panes: string[];
  direction: "row" | "column";
}
export interface Layout {
  tabs: Tab[];
  active: string;
  /** Which pane of each tab was focused last. */
  focused: Record<string, string>;
  /** Names the reader gave, by terminal. */
  names: Record<string, string>;
}

const empty: Layout = { tabs: [], active: "", focused: {}, names: {} };
export const $layouts = map<Record<string, Layout>>({});

export const layoutOf = (all: Record<string, Layout>, lab: string): Layout => all[lab] ?? empty;

const recall = (lab: string): Layout => {
  try {
    return { ...empty, ...(JSON.parse(kept(`layout:${lab}`) ?? "{}") as Partial<Layout>) };
  } catch {
    return empty;
  }
};

const change = (lab: string, layout: Layout): void => {
  $layouts.setKey(lab, layout);
  keep(`layout:${lab}`, JSON.stringify(layout));
};

/** Brings the layout in line with the terminals the server has: unknown ones get a tab, ended ones lose theirs. */
export function reconcile(lab: string, terminals: TerminalView[]): void {
  const layout = $layouts.get()[lab] ?? recall(lab);
  const alive = new Set(terminals.map(({ id }) => id));
  const tabs = layout.tabs
    .map((tab) => ({ ...tab, panes: tab.panes.filter((pane) => alive.has(pane)) }))
    .filter(({ panes }) => panes.length > 0);
  const placed = new Set(tabs.flatMap(({ panes }) => panes));
  for (const { id } of terminals) if (!placed.has(id)) tabs.push({ id, panes: [id], direction: "row" });
  const active = tabs.some(({ id }) => id === layout.active) ? layout.active : (tabs.at(-1)?.id ?? "");
  change(lab, { ...layout, tabs, active });
}

/** Puts a new terminal into its own tab, or beside the others of the active one. */
export function place(lab: string, id: string, split?: "row" | "column"): void {
  const layout = layoutOf($layouts.get(), lab);
  const without = layout.tabs
    .map((tab) => ({ ...tab, panes: tab.panes.filter((pane) => pane !== id) }))
    .filter(({ panes }) => panes.length > 0);
  const host = split && without.find((tab) => tab.id === layout.active);
  const tabs = host
    ? without.map((tab) => (tab === host ? { ...tab, direction: split, panes: [...tab.panes, id] } : tab))
    : [...without, { id, panes: [id], direction: "row" as const }];
  const active = host ? host.id : id;
  change(lab, { ...layout, tabs, active, focused: { ...layout.focused, [active]: id } });
}

/** Puts a terminal where another one was in this layout, whatever has become of the layout since. */
export function replace(lab: string, layout: Layout, old: string, id: string): void {
  const swap = (pane: string) => (pane === old ? id : pane);
  const { [old]: name, ...names } = layout.names;
  change(lab, {
    ...layout,
    tabs: layout.tabs.map((tab) => ({ ...tab, panes: tab.panes.map(swap) })),
    names: name ? { ...names, [id]: name } : names,
  });
}

export function activate(lab: string, tab: string): void {
  change(lab, { ...layoutOf($layouts.get(), lab), active: tab });
}

export function markFocused(lab: string, tab: string, pane: string): void {
  const layout = layoutOf($layouts.get(), lab);
  if (layout.focused[tab] === pane) return;
  change(lab, { ...layout, focused: { ...layout.focused, [tab]: pane } });
}

export function rename(lab: string, pane: string, name: string): void {
  const layout = layoutOf($layouts.get(), lab);
  const names = { ...layout.names };
  if (name.trim() === "") delete names[pane];
  else names[pane] = name.trim();
  change(lab, { ...layout, names });
}

/** The pane that "the terminal" means now: the one used last in the active tab. */
export const currentPane = (layout: Layout): string | undefined => {
  const tab = layout.tabs.find(({ id }) => id === layout.active);
  if (!tab) return undefined;
  const last = layout.focused[tab.id];
  return last && tab.panes.includes(last) ? last : tab.panes[0];
};
