import type { ExpressiveCodePlugin } from "astro-expressive-code";
import { h, s } from "astro-expressive-code/hast";

const shells = new Set(["bash", "sh", "shell", "shellscript", "zsh", "console"]);
const outputs = new Set(["text", "txt", "plaintext", "output", ""]);

type BlockKind = "terminal" | "file" | "output" | "code";

/** Where a block belongs, from its fence: ```bash in the terminal, title="…" a file, ```text something printed. */
const kindOf = (language: string, title: string | undefined): BlockKind => {
  if (title !== undefined) return "file";
  if (shells.has(language)) return "terminal";
  return outputs.has(language) ? "output" : "code";
};

const icon = (...paths: string[]) =>
  s(
    "svg",
    { viewBox: "0 0 24 24", width: 14, height: 14, "aria-hidden": "true", class: "icon" },
    paths.map((d) => s("path", { d })),
  );
const play = () => icon("M6 4.5v15l13-7.5z");
const copy = () => icon("M9 9h11v11H9z", "M5 15H4V4h11v1");

const labels: Record<BlockKind, string> = { terminal: "terminal", file: "file", output: "output", code: "" };

/** Puts every code block into a frame whose header says where the block belongs and carries Run and Copy. */
export const codeFrame = (): ExpressiveCodePlugin => ({
  name: "workbook-frame",
  hooks: {
    postprocessRenderedBlock: ({ codeBlock, renderData }) => {
      const title = codeBlock.metaOptions.getString("title");
      const kind = kindOf(codeBlock.language, title);
      const runs = kind === "terminal" && !codeBlock.metaOptions.getBoolean("norun");
      const name =
        kind === "file" ? ["file ", h("b", title)] : [labels[kind] === "" ? codeBlock.language : labels[kind]];
      const buttons = [
        ...(runs ? [h("button", { type: "button", class: "frame-button", "data-run": "" }, [play(), "Run"])] : []),
        ...(kind === "output"
          ? []
          : [h("button", { type: "button", class: "frame-button", "data-copy": "" }, [copy(), h("span", "Copy")])]),
      ];
      const pre = renderData.blockAst;
      pre.properties.tabindex = "0";
      pre.properties["aria-label"] =
        kind === "file" ? `file ${title}` : kind === "terminal" ? "command for the terminal" : labels[kind] || "code";
      renderData.blockAst = h("figure", { class: "code", "data-kind": kind }, [
        h("figcaption", { "data-pagefind-ignore": "" }, [
          h("span", { class: "where" }, name),
          h("span", { class: "ran", "aria-live": "polite" }),
          h("span", { class: "buttons" }, buttons),
        ]),
        pre,
      ]);
    },
  },
});
