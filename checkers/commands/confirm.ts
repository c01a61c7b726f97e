import { type Io, UserError } from "./io.ts";

/** Asks yes or no on the terminal. Where nobody can answer, it refuses and says how to agree. */
export async function confirm(question: string, io: Io): Promise<boolean> {
  if (!io.tty || !process.stdin.isTTY) {
    throw new UserError(`${question} Nobody can be asked here.`, {
      kept: "Nothing was changed.",
      todo: "Run it again with --yes.",
    });
  }
  const { confirm: ask, isCancel } = await import("@clack/prompts");
  const answer = await ask({ message: question, initialValue: true });
  return !isCancel(answer) && answer;
}
