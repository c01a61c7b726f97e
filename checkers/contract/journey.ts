import type { LoadedLab } from "../labs.ts";
import { inLane, type Lane } from "./gates.ts";
import type { Outcome, Part, Proof } from "./prove.ts";
import { leave, Stand } from "./stand.ts";

/** A part of a proof that can begin where the one before it ended. */
export interface Leg {
  part: Part;
  name: string;
  /** On the stand as the leg before left it. */
  act(stand: Stand): Promise<Outcome>;
  /** What brings a fresh stand to where this leg begins. */
  before?(stand: Stand): Promise<void>;
}

/**
 * Goes the legs one after the other on one stand, as a learner goes from the start to the solution and back. Resolves to those that are still to be proved,
 * each on a stand of its own: the first that failed and all behind it.
 */
export async function proveJourney(lab: LoadedLab, legs: readonly Leg[], proof: Proof, lane: Lane): Promise<Leg[]> {
  const { ground } = proof;
  let proved = 0;
  await inLane(proof, lane, async (nodePort) => {
    let stand: Stand | undefined;
    try {
      ground.signal.throwIfAborted();
      stand = new Stand(lab, ground, { nodePort });
      await stand.enter();
      for (const { part, name, act } of legs) {
        const began = performance.now();
        const { problems, notes = [] } = await act(stand);
        if (problems.length > 0) break;
        const took = performance.now() - began;
        proof.done({ lab: lab.slug, part, name, ok: true, problems, notes, began, took });
        proved++;
      }
    } catch {
      // Told by the leg's own proof.
    }
    await leave(stand, lane.door, proof.removing);
  });
  return legs.slice(proved);
}
