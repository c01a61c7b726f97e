import { ensureCluster } from "./index.ts";

const abort = new AbortController();
process.on("SIGINT", () => abort.abort(new Error("interrupted")));
process.on("SIGTERM", () => abort.abort(new Error("terminated")));
let last = "";
const t0 = Date.now();
const withImages = process.argv.includes("--images");
const h = await ensureCluster({
  yes: true,
  signal: abort.signal,
  images: withImages
    ? [
        "workbook.local/toolbox:1.0",
        "workbook.local/ml-inference:1.0",
        "workbook.local/ml-inference:1.1",
        "workbook.local/ml-inference:2.0",
      ]
    : [],
  onView: (v) => {
    const line = v.steps
      .filter((s) => s.state !== "todo" && s.state !== "done")
      .map((s) => `${s.id} ${Math.round(s.elapsed / 1000)}/${Math.round(s.estimate / 1000)}s ${s.detail ?? ""}`)
      .join(" | ");
    if (line !== last)
      console.log(
        ((Date.now() - t0) / 1000).toFixed(1),
        v.state,
        v.progress.toFixed(2),
        Math.round((v.remaining ?? 0) / 1000) + "s",
        line,
      );
    last = line;
  },
});
console.log(JSON.stringify(h, null, 1), (Date.now() - t0) / 1000);
