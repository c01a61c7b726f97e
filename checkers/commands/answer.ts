import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../../cluster/index.ts";
import { placesOf } from "../enter.ts";
import { labRoots, loadLab, shortName } from "../labs.ts";
import { type Io, UserError } from "./io.ts";

/** Hands in what a task asked the learner to find out: answers/KEY.txt in the lab's working folder. */
export async function answer(
  options: { lab: string; key: string; text: string; labs?: string[] },
  io: Io,
): Promise<number> {
  const lab = await loadLab(options.lab, labRoots(options.labs));
  const keys = Object.keys(lab.definition.answers ?? {});
  if (!keys.includes(options.key)) {
    throw new UserError(`${lab.slug} asks for no answer called "${options.key}".`, {
      kept: "Nothing was changed.",
      todo: keys.length > 0 ? `It asks for: ${keys.join(", ")}` : "This lab asks for none.",
    });
  }
  const folder = join(placesOf(lab, paths()).folder, "answers");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${options.key}.txt`), `${options.text.trim()}\n`);
  io.out(`✓ Handed in. See what it says: ./workbook check ${shortName(lab.slug)}`);
  return 0;
}
