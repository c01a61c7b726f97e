import type { ApiError } from "../protocol.ts";

export type FaultStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503;

/** A refusal that the page shows to the learner: what happened and, where there is one, what to do. */
export class Fault extends Error {
  readonly status: FaultStatus;
  readonly todo: string | undefined;
  constructor(status: FaultStatus, message: string, todo?: string) {
    super(message);
    this.name = "Fault";
    this.status = status;
    this.todo = todo;
  }
  body(): ApiError {
    return this.todo === undefined ? { error: this.message } : { error: this.message, todo: this.todo };
  }
}

/** The server cannot start or serve: told to the person at the command line. */
export class ServerError extends Error {
  readonly kept: string;
  readonly todo: string;
  constructor(what: string, kept: string, todo: string, options?: { cause?: unknown }) {
    super(what, options);
    this.name = "ServerError";
    this.kept = kept;
    this.todo = todo;
  }
}

/** One sentence out of whatever was thrown. */
export const sentence = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
