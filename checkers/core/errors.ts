/**
 * Thrown by reads and probes that could not look, for a reason a person can act on.
 * message: what happened, one sentence. todo: what to do about it.
 */
export class LookError extends Error {
  readonly todo: string | undefined;
  constructor(message: string, todo?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.todo = todo;
  }
}

/** Something else measures where nothing may meanwhile, and did not end in time. */
export class Busy extends LookError {}

const ofTheProgram = [TypeError, ReferenceError, RangeError, SyntaxError];

/** One sentence for a person out of anything thrown: never a stack trace. `check` is the title of the check that threw it. */
export function sayError(thrown: unknown, check: string): string {
  if (thrown instanceof LookError) return thrown.todo ? `${thrown.message} ${thrown.todo}` : thrown.message;
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0]?.trim() || "no message";
  if (ofTheProgram.some((kind) => thrown instanceof kind)) {
    return `The check "${check}" has a mistake of its own (${message}). It is not yours, and costs you nothing.`;
  }
  return message;
}
