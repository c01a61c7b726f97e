import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AstroIntegration } from "astro";
import { close, createIndex } from "pagefind";

/** Indexes the built lessons for search, after every build. The page brings its own dialog, so pagefind's go. */
export const searchIndex = (): AstroIntegration => ({
  name: "workbook:search-index",
  hooks: {
    "astro:build:done": async ({ dir, logger }) => {
      const dist = fileURLToPath(dir);
      const { index, errors } = await createIndex({ excludeSelectors: ["[data-pagefind-ignore]", "svg"] });
      if (!index) throw new Error(`The search index could not be made: ${errors.join("; ")}`);
      const added = await index.addDirectory({ path: dist });
      if (added.errors.length > 0) throw new Error(`The search index could not be made: ${added.errors.join("; ")}`);
      const outputPath = join(dist, "pagefind");
      await index.writeFiles({ outputPath });
      await close();
      const ours = ["pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight"];
      await Promise.all(
        ours.flatMap((name) => [".js", ".css"].map((end) => rm(join(outputPath, name + end), { force: true }))),
      );
      logger.info(`search index over ${added.page_count} pages`);
    },
  },
});
