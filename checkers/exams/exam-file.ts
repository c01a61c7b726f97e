import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { domains as known } from "../core/lab.ts";

const text = z.string().trim().min(1, "must not be empty");

const schema = z.strictObject({
  title: text,
  summary: text,
  minutes: z.int().min(1, "give whole minutes").max(600),
  passMark: z.number().min(1, "is a percentage").max(100, "is a percentage"),
  domains: z.record(text, z.number().positive("is a weight above 0")).superRefine((weights, context) => {
    for (const domain of Object.keys(weights)) {
      if (!(known as readonly string[]).includes(domain))
        context.addIssue(`${domain} is no domain: there are ${known.join(", ")}`);
    }
    const sum = Object.values(weights).reduce((all, one) => all + one, 0);
    if (Math.abs(sum - 100) > 1e-6) context.addIssue(`the weights must sum to 100, not ${sum}`);
  }),
  tasks: z.literal("all", 'write "all", or leave it out and write draw').optional(),
  draw: z.strictObject({ count: z.int().min(1) }).optional(),
  study: z.record(z.string(), z.array(z.string().regex(/^\d{2}$/, 'is the number of a lab: "05"'))).optional(),
  brief: z
    .strictObject({
      title: text,
      sections: z.array(z.strictObject({ title: text, checks: z.array(text).min(1) })).min(1),
    })
    .optional(),
});

/** exam.yaml as its author wrote it. */
export interface ExamFile {
  title: string;
  summary: string;
  minutes: number;
  /** Percent. */
  passMark: number;
  /** Weights by domain, in the author's order; they sum to 100. */
  domains: Readonly<Record<string, number>>;
  /** How many tasks an attempt draws; undefined: all of them, in order. */
  draw: number | undefined;
  /** Labs to go to by the id of a heading in task.md, where a task has several. */
  study?: Readonly<Record<string, readonly string[]>>;
  /** A report beside the score: sections made of what these checks saw. */
  brief?: { title: string; sections: { title: string; checks: string[] }[] };
}

/** Reads exam.yaml. Gives everything that is wrong with it, or what it says. */
export function readExamFile(dir: string): { file: ExamFile } | { problems: string[] } {
  const path = join(dir, "exam.yaml");
  if (!existsSync(path))
    return { problems: ["there is no exam.yaml: title, summary, minutes, passMark, domains, tasks"] };
  let value: unknown;
  try {
    value = parse(readFileSync(path, "utf8"), { maxAliasCount: 20 });
  } catch (error) {
    return { problems: [`is not YAML: ${(error as Error).message.split("\n")[0]}`] };
  }
  const parsed = schema.safeParse(value ?? {});
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map((one) => `${z.core.toDotPath(one.path) || "the file"}: ${one.message}`),
    };
  }
  const { tasks, draw, domains, study, brief, ...rest } = parsed.data;
  if ((tasks === undefined) === (draw === undefined)) {
    return { problems: ["give either tasks: all, or draw: {count: 15}"] };
  }
  return {
    file: {
      ...rest,
      domains,
      draw: draw?.count,
      ...(study && { study }),
      ...(brief && { brief }),
    },
  };
}
