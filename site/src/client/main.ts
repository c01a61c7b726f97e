/** Starts the page: once per full load; a swapped-in page only says which lab it shows. */
import { loadLab } from "../stores/lab.ts";
import { $lab, $labState, $link, $reports, enter, start } from "../stores/socket.ts";
import { $drawer } from "../stores/terminals.ts";
import * as code from "./code.ts";
import * as keys from "./keys.ts";

const load = (lab: string) => {
  // An exam's tasks are entered for their terminals: nothing else of them is to be had.
  if (lab !== "" && lab === document.body.dataset.lab) loadLab(lab).catch(() => {}); // The header's pill tells when the server is away; it is asked again then.
};

document.addEventListener("astro:page-load", () => {
  const lab = document.body.dataset.lab ?? "";
  enter(lab);
  $drawer.set(false);
  load(lab);
});

// A lab that has become ready has a working folder now, with the answers in it.
$labState.listen((all, _before, changed) => {
  if (changed === $lab.get() && all[changed]?.state === "ready") load(changed);
});
// A failure met for the first time may have hints that were taken on an earlier visit.
const failures = new Set<string>();
$reports.listen((all, _before, changed) => {
  const met = all[changed as string]?.checks.filter(({ hints, code }) => hints > 0 && code !== undefined) ?? [];
  const fresh = met.map(({ id, code }) => `${changed}/${id}/${code}`).filter((key) => !failures.has(key));
  for (const key of fresh) failures.add(key);
  if (fresh.length > 0 && changed === $lab.get()) load(changed);
});

code.listen();
keys.listen();
start();
let before = $link.get().state;
$link.listen(({ state }) => {
  if (state === "open" && before === "lost") load($lab.get());
  before = state;
});
