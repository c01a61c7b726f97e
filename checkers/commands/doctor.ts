import { doctor as examine } from "../../cluster/index.ts";
import type { Io } from "./io.ts";

const marks = { ok: ["green", "✓"], warn: ["yellow", "!"], bad: ["red", "✗"] } as const;

/** Prints what could stand in the way, with the remedy for each. Exit code 0 unless something is bad (1). */
export async function doctor(options: { json?: boolean }, io: Io): Promise<number> {
  const findings = await examine();
  if (options.json) {
    io.out(JSON.stringify({ findings }, null, 2));
  } else {
    const width = Math.max(...findings.map((finding) => finding.title.length));
    for (const { title, state, detail, remedy } of findings) {
      const [style, glyph] = marks[state];
      io.out(`${io.style(style, glyph)} ${title.padEnd(width)}  ${detail}`);
      if (state !== "ok" && remedy) io.out(`  ${" ".repeat(width)}  ${io.style("bold", "→")} ${remedy}`);
    }
  }
  return findings.some((finding) => finding.state === "bad") ? 1 : 0;
}
