/** Terminals as the rest of the page sees them. xterm itself is fetched when the first one opens, not before. */
import { atom } from "nanostores";
import type { TerminalView } from "../../protocol.ts";
import type { TerminalSession } from "../terminal/session.ts";
import { post, remove, sayProblem } from "./api.ts";
import { keep } from "./kept.ts";
import { openTerminal } from "./lab.ts";
import { $layouts, currentPane, layoutOf, place, reconcile, replace } from "./layout.ts";
import { $cluster, $lab, $terminals } from "./socket.ts";
import { about } from "./words.ts";

/** Something the workbench should tell: a terminal that could not be opened. */
export const $trouble = atom<string | undefined>(undefined);
/** True while the drawer (narrow windows) shows the workbench. */
export const $drawer = atom<boolean>(false);

const sessions = new Map<string, { lab: string; opening: Promise<TerminalSession> }>();

/** The session of a lab's terminal, connected on first use and kept across pages. */
export const session = (lab: string, id: string): Promise<TerminalSession> => {
  const known = sessions.get(id);
  if (known) return known.opening;
  const opening = import("../terminal/session.ts").then(({ TerminalSession: Session }) => new Session(id));
  sessions.set(id, { lab, opening });
  return opening;
};

/** Lets go of a lab's sessions whose terminals the server no longer has: closed elsewhere, or lost with its restart. */
export const prune = (lab: string, alive: ReadonlySet<string>): void => {
  for (const [id, one] of sessions) {
    if (one.lab !== lab || alive.has(id)) continue;
    sessions.delete(id);
    void one.opening.then((ended) => ended.dispose());
  }
};

/** What a terminal is called on its tab. */
export const titleOf = (lab: string, id: string): string => {
  const given = layoutOf($layouts.get(), lab).names[id];
  if (given) return given;
  return $terminals.get()[lab]?.find((one) => one.id === id)?.title ?? "terminal";
};

/** The reply to a request and the server's news of it may come in either order. */
const know = (lab: string, view: TerminalView): void => {
  const known = $terminals.get()[lab] ?? [];
  if (!known.some(({ id }) => id === view.id)) $terminals.setKey(lab, [...known, view]);
};

/** Labs whose last terminal was closed by hand: they get no new one unasked. */
export const closedByHand = new Set<string>();

/** Opens a terminal for a lab. Resolves to its id, or undefined with the reason in $trouble. */
export async function open(lab: string, split?: "row" | "column"): Promise<string | undefined> {
  try {
    const view = await openTerminal(lab);
    know(lab, view);
    place(lab, view.id, split);
    closedByHand.delete(lab);
    $trouble.set(undefined);
    return view.id;
  } catch (problem) {
    $trouble.set(sayProblem(problem));
    return undefined;
  }
}

/** Ends a terminal and what runs in it. */
export async function close(lab: string, id: string): Promise<void> {
  closedByHand.add(lab);
  await remove(`/api/terminals/${encodeURIComponent(id)}`).catch((problem) => $trouble.set(sayProblem(problem)));
  const left = ($terminals.get()[lab] ?? []).filter((one) => one.id !== id);
  $terminals.setKey(lab, left);
  reconcile(lab, left);
  prune(lab, new Set(left.map((one) => one.id)));
}

/** A new shell where one has ended, in the same place with the same name. */
export async function restart(lab: string, id: string): Promise<void> {
  // Between the old one's end and the new one the lab may have none: that is no reason to open another.
  closedByHand.add(lab);
  const layout = layoutOf($layouts.get(), lab);
  try {
    const view = await post<TerminalView>(`/api/terminals/${encodeURIComponent(id)}/restart`, {});
    know(lab, view);
    replace(lab, layout, id, view.id);
    reconcile(lab, $terminals.get()[lab] ?? []);
  } catch (problem) {
    $trouble.set(sayProblem(problem));
  }
  closedByHand.delete(lab);
}

/** Terminals as text a screen reader can browse, in all of them and those to come. Remembered. */
export const $screenReader = atom<boolean>(false);
export const setScreenReader = (on: boolean): void => {
  $screenReader.set(on);
  keep("screen-reader", on ? "on" : "off");
  for (const { opening } of sessions.values()) void opening.then((one) => one.screenReader(on));
};

export const focusTerminal = async (): Promise<boolean> => {
  const pane = currentPane(layoutOf($layouts.get(), $lab.get()));
  if (!pane) return false;
  (await session($lab.get(), pane)).focus();
  return true;
};

/**
 * Sends a command to the lab's current terminal as if typed, opening one if there is none.
 * Resolves to the terminal's name, or to why it could not run.
 */
export async function run(command: string): Promise<{ ran: string } | { problem: string }> {
  const lab = $lab.get();
  const cluster = $cluster.get();
  if (cluster && cluster.state !== "ready") {
    const left = cluster.remaining === undefined ? "" : `, ${about(cluster.remaining)} to go`;
    const word = cluster.state === "building" ? `still being built${left}` : `${cluster.state} (details in the header)`;
    return { problem: `The cluster is ${word}` };
  }
  $drawer.set(true);
  const alive = new Set(($terminals.get()[lab] ?? []).filter((one) => one.alive).map(({ id }) => id));
  const current = currentPane(layoutOf($layouts.get(), lab));
  const id = current && alive.has(current) ? current : await open(lab);
  if (!id) return { problem: $trouble.get() ?? "No terminal could be opened" };
  (await session(lab, id)).runCommand(command);
  return { ran: titleOf(lab, id) };
}
