import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { milliseconds } from "../core/duration.ts";
import type { LoadedLab } from "../labs.ts";
import { type Mutant, mutantName } from "./files.ts";
import { inLane, type Lane } from "./gates.ts";
import { comesToPass, failsWith, gradeMutant, missingGround } from "./grade.ts";
import { type Change, lay, takeBack } from "./in-place.ts";
import type { Proof } from "./prove.ts";
import { recordFor } from "./record.ts";
import { leave, Stand } from "./stand.ts";

/** Milliseconds in which a running solution's check must have noticed what was changed, or taken back. */
const notices = 30_000;

/** A mutant that has to be proved from the start, and the milliseconds that were lost on finding that out. */
export interface Apart {
  mutant: Mutant;
  lost: number;
}

/**
 * Mutants that take turns on one stand: each is laid over the solution that runs there, turns its check from pass to its code, and is taken back.
 * Resolves to those that have to be proved from the start: their mistake shows otherwise where the right answer ran before, or could not be taken back.
 */
export async function proveInTurns(
  lab: LoadedLab,
  changes: readonly Change[],
  solution: string,
  proof: Proof,
  lane: Lane,
): Promise<Apart[]> {
  const { ground, places } = proof;
  const apart: Apart[] = [];
  let stand: Stand | undefined;
  let door: number | undefined;

  const begin = async (): Promise<Stand> => {
    const base = mkdtempSync(join(tmpdir(), "workbook-solution-"));
    try {
      stand = new Stand(lab, ground, { without: changes[0]?.without, nodePort: door });
      await stand.enter();
      cpSync(solution, base, { recursive: true });
      for (const file of changes[0]?.left ?? []) rmSync(join(base, file), { force: true });
      await stand.answer(base);
      return stand;
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  };
  const end = async (): Promise<void> => {
    await leave(stand, lane.door, proof.removing);
    stand = undefined;
  };
  /** Checks that the solution without what these mutants leave out does not satisfy: for those all of them are apart. */
  const never = new Set<string>();
  const passing = async (check: string): Promise<Stand | undefined> => {
    if (stand && (await comesToPass(stand, check, places, notices))) return stand;
    if (stand) await end();
    never.add(check);
    const at = await begin();
    const within = milliseconds(lab.checks(at.namespace)[check]?.within ?? "30s");
    if (!(await comesToPass(at, check, places, Math.max(notices, within)))) return undefined;
    never.delete(check);
    return at;
  };
  const shows = async (change: Change): Promise<boolean> => {
    const { check, code } = change.mutant;
    const at = never.has(check) ? undefined : await passing(check);
    if (!at) return false;
    await lay(at, solution, change);
    const verdict = await gradeMutant(at, check, code, places, notices);
    const shown = failsWith(verdict, code) && (await missingGround(at, check, places)).size === 0;
    if (shown) await recordFor(proof, at, `mutants/${check}/${code}`, change.mutant);
    if (change !== changes.at(-1)) await takeBack(at, solution, change);
    return shown;
  };
  const all = async (nodePort?: number): Promise<void> => {
    door = nodePort;
    for (const change of changes) {
      const began = performance.now();
      const shown = await shows(change).catch(async () => {
        await end();
        return false;
      });
      const took = performance.now() - began;
      const name = mutantName(change.mutant);
      if (shown)
        proof.done({
          lab: lab.slug,
          part: "mutants",
          name,
          ok: true,
          problems: [],
          notes: [],
          inPlace: true,
          began,
          took,
        });
      else apart.push({ mutant: change.mutant, lost: took });
    }
    await end();
  };
  await inLane(proof, lane, all);
  return apart;
}
