import type { ApiError } from "../../protocol.ts";

/** What the server said went wrong, and what to do about it. */
class ApiProblem extends Error {
  readonly status: number;
  readonly todo: string | undefined;
  constructor(status: number, error: string, todo?: string) {
    super(error);
    this.name = "ApiProblem";
    this.status = status;
    this.todo = todo;
  }
}

const unreachable = () =>
  new ApiProblem(
    0,
    "The workbook does not answer.",
    "Look whether `./workbook status` says that it runs; start it again with `./workbook up`.",
  );

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    credentials: "same-origin",
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  }).catch(() => {
    throw unreachable();
  });
  const text = await response.text();
  if (response.ok) return (text === "" ? {} : JSON.parse(text)) as T;
  let problem: Partial<ApiError> = {};
  try {
    problem = JSON.parse(text) as ApiError;
  } catch {
    // Not one of ours; the status has to do.
  }
  throw new ApiProblem(response.status, problem.error ?? `The workbook answered ${response.status}.`, problem.todo);
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);
export const post = <T>(path: string, body: unknown): Promise<T> => call<T>("POST", path, body);
export const remove = <T>(path: string): Promise<T> => call<T>("DELETE", path);

/** One sentence for the reader out of whatever was thrown. */
export const sayProblem = (problem: unknown): string => {
  if (problem instanceof ApiProblem) return problem.todo ? `${problem.message} ${problem.todo}` : problem.message;
  return problem instanceof Error ? problem.message : String(problem);
};
