/** Bundles the sample application into the one file its image runs. */
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

/**
 * Flags for the Node that runs the bundle, to come before the file's name. They keep V8's heap small, so that the
 * service lives within a 64Mi limit; what MEMORY_MB and a leak take lies outside this heap and isn't bounded by them.
 */
export const nodeFlags: readonly string[] = ["--max-old-space-size=32", "--max-semi-space-size=1"];

/** Some dependencies are CommonJS and call `require`, which an ES module doesn't have. */
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** Writes the bundle to `outfile` (name it .mjs). The same sources give the same bytes. */
export async function build(outfile: string): Promise<void> {
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL("app/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minify: true,
    legalComments: "none",
    banner: { js: banner },
    logLevel: "warning",
  });
}
