/** Run and Copy on the lesson's code blocks. */
import { run } from "../stores/terminals.ts";
import { timeOf } from "../stores/words.ts";

const textOf = (figure: Element): string =>
  [...figure.querySelectorAll(".ec-line")].map((line) => (line.textContent ?? "").replace(/\n$/, "")).join("\n");

const note = (figure: Element, text: string) => {
  const place = figure.querySelector(".ran");
  if (place) place.textContent = text;
};

/** Runs a block in the lab's terminal and says so in its header. */
export async function runBlock(figure: Element): Promise<void> {
  const result = await run(textOf(figure));
  if ("problem" in result) {
    note(figure, result.problem);
    return;
  }
  const at = timeOf(new Date().toISOString());
  note(figure, `ran just now in ${result.ran}`);
  setTimeout(() => note(figure, `ran at ${at} in ${result.ran}`), 60_000);
}

async function copyBlock(figure: Element, button: Element): Promise<void> {
  await navigator.clipboard.writeText(textOf(figure));
  const word = button.querySelector("span");
  if (!word) return;
  word.textContent = "Copied";
  setTimeout(() => {
    word.textContent = "Copy";
  }, 2000);
}

/** Listens once for the whole document, so that pages swapped in need nothing of their own. */
export const listen = (): void => {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest?.("[data-run], [data-copy]");
    const figure = button?.closest("figure.code");
    if (!button || !figure) return;
    void (button.hasAttribute("data-run") ? runBlock(figure) : copyBlock(figure, button));
  });
};
