import type { Part } from "../contract/prove.ts";
import { interruptible } from "./interrupt.ts";
import type { Io } from "./io.ts";

/** Name of what --json prints. */
export const verifySchema = "workbook/lab-verify/1";

/** Proves labs. 0 all proved, 1 something is not, 2 could not be run or was interrupted. */
export async function labVerify(
  args: { names: string[]; only?: Part; changed?: boolean; json?: boolean; labs?: string[] },
  io: Io,
): Promise<number> {
  const { verifyLabs } = await import("../contract/verify.ts");
  return interruptible(async (signal) => {
    const result = await verifyLabs({
      labs: args.names,
      io,
      signal,
      quiet: args.json === true,
      ...(args.labs && { roots: args.labs }),
      ...(args.only && { only: args.only }),
      ...(args.changed && { changed: true }),
    });
    if (args.json) io.out(JSON.stringify({ schema: verifySchema, ...result }, null, 2));
    else io.out(`${result.passed} proved, ${result.failed} not`);
    if (signal.aborted) return 2;
    return result.failed === 0 ? 0 : 1;
  });
}

/** Makes the folder of a new lab: a small one that works and proves itself. */
export async function labNew(args: { slug: string; labs?: string[] }, io: Io): Promise<number> {
  const { scaffold } = await import("../contract/scaffold.ts");
  const dir = scaffold(args.slug, args.labs?.at(-1));
  io.out(`Made ${dir}: a lab with one check, a solution and the wrong answers it must notice.`);
  io.out(`Prove it: ./workbook lab verify ${args.slug}${args.labs ? ` --labs ${args.labs.at(-1)}` : ""}`);
  return 0;
}
