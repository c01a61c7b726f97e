/** Starts the page: once per full load; a swapped-in page only says which lab it shows. */
import { loadLab } from "../stores/lab.ts";
import { $lab, $link, enter, start } from "../stores/socket.ts";
import { $drawer } from "../stores/terminals.ts";
import * as code from "./code.ts";
import * as keys from "./keys.ts";

const load = (lab: string) => {
  if (lab !== "") loadLab(lab).catch(() => {}); // The header's pill tells when the server is away; it is asked again then.
};

document.addEventListener("astro:page-load", () => {
  const lab = document.body.dataset["lab"] ?? "";
  enter(lab);
  $drawer.set(false);
  load(lab);
});

code.listen();
keys.listen();
start();
let before = $link.get().state;
$link.listen(({ state }) => {
  if (state === "open" && before === "lost") load($lab.get());
  before = state;
});
