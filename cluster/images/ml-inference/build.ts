/** Bundles the sample application into the one file its image runs. */
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

/**
 * Flags for the Node that runs the bundle, to come before the file's name. They keep V8's heap small, so that the
 * service lives within a 64Mi limit; what MEMORY_MB and a leak take lies outside this heap and isn't bounded by them.
 */
export const nodeFlags: readonly string[] = ["--max-old-space-size=32", "--max-semi-space-size=1"];

/** What of prom-client pushes metrics, gathers them from workers or reads the process's own isn't used: it stays out. */
const unused: esbuild.Plugin = {
  name: "unused",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/lib\/(pushgateway|cluster|defaultMetrics)$/ }, ({ path, importer }) =>
      importer.includes("/prom-client/") ? { path, namespace: "unused" } : undefined,
    );
    onLoad({ filter: /./, namespace: "unused" }, () => ({ contents: "" }));
  },
};

/**
 * Writes the bundle to `outfile` (name it .js). The same sources give the same bytes. It is CommonJS because an ES module's
 * `import` of one of Node's modules loads all that the module would otherwise load when it is asked for: half of a pod's start.
 */
export async function build(outfile: string): Promise<void> {
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL("app/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    minify: true,
    legalComments: "none",
    plugins: [unused],
    logLevel: "warning",
  });
}
