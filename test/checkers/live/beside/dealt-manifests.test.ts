import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { type Mutant, overlay } from "../../../../checkers/contract/files.ts";
import { gradeAnswer, inWords } from "../../../../checkers/contract/grade.ts";
import type { LoadedLab } from "../../../../checkers/labs.ts";
import { reordered, shaken, shuffled } from "../../shake.ts";
import { seeded } from "../../unit/grading-kit.ts";
import { ground } from "../ground.ts";
import { graded, stands } from "../stands.ts";

const at = await ground();
const { placed, solution, mutants, caught, places } = stands(at);

describe("what a task leaves free changes no verdict", { retry: 0 }, () => {
  /** The manifests of a folder, shaken, and dealt out anew to files of other names. */
  function dealt(from: string, seed: number): string {
    const random = seeded(seed);
    const into = mkdtempSync(join(at.home, "dealt-"));
    const documents = readdirSync(from)
      .filter((name) => /\.ya?ml$/.test(name))
      .flatMap((name) => parseAllDocuments(readFileSync(join(from, name), "utf8")))
      .map((document) => document.toJS())
      .filter((one) => one !== null)
      .map((one) => reordered(shaken(one, random, `s${seed}`), random));
    const files = 1 + Math.floor(random() * documents.length);
    const piles = new Map<number, string[]>();
    for (const one of shuffled(documents, random)) {
      const file = Math.floor(random() * files);
      piles.set(file, [...(piles.get(file) ?? []), stringify(one)]);
    }
    for (const [file, pile] of piles) {
      writeFileSync(join(into, `${Math.floor(random() * 90) + 10}-part-${file}.yaml`), pile.join("---\n"));
    }
    return into;
  }
  const deploying = graded.find(({ number }) => number === "02") as LoadedLab;

  it.each([1, 2, 3])(
    "in the manifests of a right answer, on the cluster: seed %i",
    { timeout: 400_000 },
    async (seed) => {
      const told = await placed(deploying, dealt(solution(deploying), seed), async (stand) => {
        const { verdicts } = await gradeAnswer(stand, places);
        const checks = deploying.checks(stand.namespace);
        return [...verdicts]
          .filter(([, { state }]) => state !== "pass")
          .map(([id, one]) => `${id}: ${inWords(checks[id], one)}`);
      });
      expect(told).toEqual([]);
    },
  );

  it.each(["service/selects-nothing", "endpoints-ready/wrong-target-port", "image-pinned/floating"])(
    "in the manifests of a wrong answer, on the cluster: %s",
    { timeout: 400_000 },
    async (name) => {
      const mutant = mutants(deploying, "observe").find(({ check, code }) => `${check}/${code}` === name) as Mutant;
      const laid = mkdtempSync(join(at.home, "laid-"));
      mkdirSync(laid, { recursive: true });
      overlay(solution(deploying), mutant.dir, laid);
      const verdict = await placed(deploying, dealt(laid, 7), (stand) => caught(stand, mutant));
      expect(verdict).toMatchObject({ state: "fail", code: mutant.code });
    },
  );
});
