/** A mistake in a lab, told to its author. */
export interface Problem {
  /** File or part, seen from the lab's folder. */
  where: string;
  says: string;
  todo: string;
}

export const problem = (where: string, says: string, todo: string): Problem => ({ where, says, todo });
