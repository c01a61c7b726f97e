import { LookError } from "../core/errors.ts";

/** The API server did not answer: dead, restarting, or another address. */
export class Unreachable extends LookError {}
/** It answered that this identity may not do that. */
export class Forbidden extends LookError {}
/** The object, its namespace or its kind is not there. */
export class NotFound extends LookError {}
/** The resource version is too old to go on from (HTTP 410): list anew. */
export class Expired extends LookError {}
/** It is there already, or it changed meanwhile (HTTP 409). */
export class Conflict extends LookError {}
/** Credentials or kubeconfig that cannot be used. what, kept, todo: as every error to a user says them. */
export class KubeconfigError extends LookError {
  readonly what: string;
  readonly kept: string;
  constructor(what: string, todo: string, options?: ErrorOptions) {
    super(what, todo, options);
    this.what = what;
    this.kept = "Your work, answers and progress are kept.";
  }
}
