/** The page's keys. What they do is listed in the help dialog (components/HelpDialog.astro): keep the two together. */
import { announce } from "../stores/announce.ts";
import { $drawer, focusTerminal } from "../stores/terminals.ts";
import { runBlock } from "./code.ts";

const typing = () => document.activeElement?.closest("input, textarea, select, [contenteditable], .xterm") !== null;

const helpDialog = () => document.querySelector<HTMLDialogElement>("dialog.help");

const focusText = (): boolean => {
  const main = document.querySelector<HTMLElement>("main");
  main?.focus({ preventScroll: true });
  announce("Text.");
  return main !== null;
};
const focusBench = async (): Promise<boolean> => {
  const bench = document.querySelector<HTMLElement>(".workbench");
  if (!bench || getComputedStyle(bench).display === "none") return false;
  $drawer.set(true);
  if (await focusTerminal()) return true;
  bench.querySelector<HTMLElement>(".bench button:not(:disabled)")?.focus();
  return true;
};
const focusPods = (): boolean => {
  const strip = document.querySelector<HTMLElement>(".pod-strip");
  if (!strip || strip.offsetParent === null) return false;
  (strip.querySelector<HTMLElement>("button") ?? strip).focus();
  announce("Pods.");
  return true;
};
const focusHeader = (): boolean => {
  document.querySelector<HTMLElement>("header.top a, header.top button")?.focus();
  announce("Header.");
  return true;
};

/** Moves to the next pane (or the one before): header, text, terminal, pods. */
async function movePane(back: boolean): Promise<void> {
  const stops: [string, () => boolean | Promise<boolean>][] = [
    ["header.top", focusHeader],
    ["main", focusText],
    [".bench .tabs, .bench-body", focusBench],
    [".pod-strip", focusPods],
  ];
  const active = document.activeElement;
  const at = stops.findIndex(([selector]) => active?.closest(selector));
  const from = at === -1 ? 1 : at;
  for (let step = 1; step <= stops.length; step += 1) {
    const next = stops[(from + (back ? -step : step) + stops.length * 2) % stops.length];
    if (next && (await next[1]())) return;
  }
}

export const listen = (): void => {
  document.addEventListener("keydown", (event) => {
    if (event.key === "F6") {
      event.preventDefault();
      void movePane(event.shiftKey);
      return;
    }
    if (event.ctrlKey && event.shiftKey && event.key === "Enter") {
      const figure = document.activeElement?.closest("figure.code");
      if (!figure?.querySelector("[data-run]")) return;
      event.preventDefault();
      void runBlock(figure);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing()) return;
    if (event.key === "?") {
      event.preventDefault();
      helpDialog()?.showModal();
    } else if (event.key === "/") {
      event.preventDefault();
      dispatchEvent(new Event("workbook:search"));
    }
  });
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-open-help]")) helpDialog()?.showModal();
    if (target.closest("[data-open-search]")) dispatchEvent(new Event("workbook:search"));
    const help = helpDialog();
    if (help && (target === help || target.closest("[data-close]"))) help.close();
  });
};
