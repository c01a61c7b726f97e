import { styleText } from "node:util";

/** An error meant for a person: what happened, what was kept, what to do. Printed without a stack. */
export class UserError extends Error {
  readonly kept: string | undefined;
  readonly todo: string | undefined;
  constructor(what: string, more: { kept?: string; todo?: string; cause?: unknown } = {}) {
    super(what, { cause: more.cause });
    this.name = "UserError";
    this.kept = more.kept;
    this.todo = more.todo;
  }
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Where commands speak. Colors only on a terminal, and never with NO_COLOR. */
export interface Io {
  out(line?: string): void;
  err(line?: string): void;
  style(style: Style, text: string): string;
  /** Columns to wrap at; 100 when piped. */
  width: number;
  tty: boolean;
  /** Prints an error for a person and gives the exit code: 2. */
  report(error: unknown): number;
}

const tty = process.stdout.isTTY === true;
const color = tty && !process.env.NO_COLOR;

// A pipe that closes early (`| head`) is not an error worth a stack trace.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
});

export const io: Io = {
  out: (line = "") => void process.stdout.write(`${line}\n`),
  err: (line = "") => void process.stderr.write(`${line}\n`),
  style: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
  get width() {
    return tty ? Math.max(40, process.stdout.columns ?? 100) : 100;
  },
  tty,
  report(error) {
    const it = error as { message?: string; what?: string; kept?: string; todo?: string; stack?: string };
    const what = it.what ?? it.message ?? String(error);
    io.err(io.style("red", `✗ ${what}`));
    if (it.kept) io.err(`  Kept: ${it.kept}`);
    if (it.todo) io.err(`  To do: ${it.todo}`);
    if (process.env.WORKBOOK_DEBUG && it.stack) io.err(it.stack);
    else if (!it.todo) io.err("  (WORKBOOK_DEBUG=1 shows where it happened.)");
    return 2;
  },
};
