import { fileURLToPath } from "node:url";
import mdx from "@astrojs/mdx";
import preact from "@astrojs/preact";
import { defineConfig } from "astro/config";
import expressiveCode from "astro-expressive-code";
import { facts } from "./site/src/build/facts-plugin.ts";
import { codeFrame } from "./site/src/build/frame-plugin.ts";
import { searchIndex } from "./site/src/build/search-index.ts";
import { keepUnits } from "./site/src/build/units-plugin.ts";

// No request leaves the machine, the build's own included.
process.env.ASTRO_TELEMETRY_DISABLED = "1";

// Labs live beside the site, one folder each; WORKBOOK_LABS points at another bank of them.
const labs = process.env.WORKBOOK_LABS ?? fileURLToPath(new URL("./labs", import.meta.url));

export default defineConfig({
  srcDir: "./site/src",
  publicDir: "./site/public",
  outDir: "./dist",
  trailingSlash: "ignore",
  devToolbar: { enabled: false },
  // External style sheets only: the content security policy stays short.
  build: { inlineStylesheets: "never" },
  integrations: [
    expressiveCode({
      themes: ["github-light-default", "github-dark-default"],
      themeCssSelector: (theme) => `[data-theme="${theme.type}"]`,
      useDarkModeMediaQuery: false,
      // Its reset would undo our frames; the page has its own.
      useStyleReset: false,
      minSyntaxHighlightingColorContrast: 5.5,
      frames: false,
      plugins: [codeFrame()],
      // A command is to be seen whole; what a program printed keeps its columns.
      defaultProps: { overridesByLang: { "bash,sh": { wrap: true } } },
      // Shiki gives a line up after half a second, so a busy machine would build other pages than an idle one.
      shiki: {
        transformers: [
          {
            name: "no-time-limit",
            preprocess(_code, options) {
              options.tokenizeTimeLimit = 0;
            },
          },
        ],
      },
      styleOverrides: {
        borderWidth: "0",
        borderRadius: "0",
        codeFontFamily: "var(--mono)",
        codeFontSize: "var(--code-size)",
        codeLineHeight: "1.55",
        codePaddingBlock: "12px",
        codePaddingInline: "16px",
        uiFontFamily: "var(--sans)",
        focusBorder: "var(--focus)",
      },
    }),
    mdx({ remarkPlugins: [keepUnits] }),
    preact(),
    searchIndex(),
  ],
  vite: {
    plugins: [facts(labs)],
    resolve: { alias: { "@labs": labs } },
    build: { chunkSizeWarningLimit: 600 },
  },
});
