import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Mutant, mutantsOf, overlay, startsWithout } from "../../../checkers/contract/files.ts";
import { Places } from "../../../checkers/contract/gates.ts";
import { gradeMutant } from "../../../checkers/contract/grade.ts";
import { type Ground, Stand } from "../../../checkers/contract/stand.ts";
import type { Mode } from "../../../checkers/core/check.ts";
import { type LoadedLab, loadLab } from "../../../checkers/labs.ts";

interface At {
  kubeconfig: string;
  kubectl: string;
  transport: Ground["transport"];
}

/** The labs whose states these tests grade: two of them each time; others where WORKBOOK_TEST_LABS names them ("05 06"), but for those that need a node port. */
const names = process.env.WORKBOOK_TEST_LABS?.split(/[ ,]+/).filter(Boolean) ?? ["01", "02"];
export const graded = await Promise.all(names.map((name) => loadLab(name)));

/** Places to put answers in, as the contract has them, gone after the tests of the file. */
export function stands({ kubeconfig, kubectl, transport }: At) {
  const stop = new AbortController();
  const run = randomBytes(4).toString("hex");
  const ground: Ground = { transport, kubeconfig, kubectl, run, env: process.env, signal: stop.signal };
  const removing: Promise<void>[] = [];
  const places = new Places(3, 8);
  afterAll(async () => {
    stop.abort(new Error("The tests are over."));
    await Promise.all(removing);
  }, 300_000);

  /** Puts an answer (a mutant laid over the solution, if one is given) into a place of its own, and takes the place away after `act`. */
  const placed = <T>(lab: LoadedLab, answer: string, act: (stand: Stand) => Promise<T>, mutant?: Mutant): Promise<T> =>
    places.stand(async () => {
      const stand = new Stand(lab, ground, { without: mutant && startsWithout(mutant.dir) });
      const laid = mkdtempSync(join(tmpdir(), "workbook-mutant-"));
      try {
        await stand.enter();
        if (mutant) overlay(answer, mutant.dir, laid);
        await stand.answer(mutant ? laid : answer);
        return await act(stand);
      } finally {
        rmSync(laid, { recursive: true, force: true });
        removing.push(stand.remove());
      }
    });

  return {
    places,
    placed,
    solution: (lab: LoadedLab): string => join(lab.dir, "solution"),
    /** Mutants of the checks of these modes. */
    mutants: (lab: LoadedLab, ...modes: Mode[]): Mutant[] =>
      mutantsOf(lab.dir).filter(({ check }) => modes.includes(lab.checks("x")[check]?.mode as Mode)),
    /** Waits until a mutant is caught by its check. */
    caught: (stand: Stand, { check, code }: Mutant) => gradeMutant(stand, check, code, places),
  };
}
