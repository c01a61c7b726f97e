import { readFileSync } from "node:fs";
import { LookError } from "../core/errors.ts";
import { parseCsv } from "./csv.ts";
import type { Submission } from "./schema.ts";

export interface Student {
  id: string;
  name: string;
  email: string;
  /** Minutes beyond the due date. */
  extraMinutes: number;
  /** ISO time: a due date of their own. */
  due?: string;
}
export interface Roster {
  students: Student[];
  /** Lines that are no student, as sentences for the gradebook. */
  problems: { line: number; id: string; says: string }[];
}

const known = ["id", "name", "email", "extra_minutes", "due"] as const;

/** Reads roster.csv: id, name, email, and if need be extra_minutes and due. Rejects when it is no roster at all; single lines that are wrong are told. */
export function readRoster(path: string): Roster {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new LookError(
      `The roster ${path} cannot be read.`,
      "Give --roster a CSV file with the columns id,name,email.",
      {
        cause,
      },
    );
  }
  return parseRoster(text, path);
}

export function parseRoster(text: string, path = "roster.csv"): Roster {
  const [header, ...rows] = parseCsv(text);
  const columns = (header?.cells ?? []).map((name) => name.toLowerCase().replaceAll(" ", "_"));
  const missing = ["id", "name", "email"].filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new LookError(
      `The roster ${path} has no column ${missing.join(", ")}.`,
      `Its first line names its columns: ${known.join(",")}.`,
    );
  }
  const unknown = columns.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new LookError(
      `The roster ${path} has a column ${unknown.join(", ")}.`,
      `Known columns: ${known.join(", ")}.`,
    );
  }
  const found: { line: number; student: Student }[] = [];
  const problems: Roster["problems"] = [];
  for (const { line, cells } of rows) {
    const of = (name: (typeof known)[number]): string => cells[columns.indexOf(name)] ?? "";
    const [id, name, email] = [of("id"), of("name"), of("email")];
    const extra = of("extra_minutes");
    const due = of("due");
    const wrong =
      id === ""
        ? "has no id"
        : !/^[\w.@+-]{1,80}$/.test(id)
          ? `has an id that is no plain word (${id.slice(0, 40)})`
          : email !== "" && !/^[^\s@]+@[^\s@]+$/.test(email)
            ? `has no e-mail address but ${JSON.stringify(email)}`
            : extra !== "" && !/^\d{1,6}$/.test(extra)
              ? `has extra_minutes that are no number (${extra})`
              : due !== "" && Number.isNaN(Date.parse(due))
                ? `has a due date that is no time (${due})`
                : undefined;
    if (wrong) problems.push({ line, id, says: `Line ${line} of the roster ${wrong}.` });
    else {
      const student = {
        id,
        name,
        email,
        extraMinutes: Number(extra || 0),
        ...(due && { due: new Date(due).toISOString() }),
      };
      found.push({ line, student });
    }
  }
  // Who is there twice cannot be told apart: none of them is graded until the roster says who is who.
  const keys = ({ id, email }: Student): string[] => [
    `id ${id.toLowerCase()}`,
    ...(email ? [`address ${email.toLowerCase()}`] : []),
  ];
  const lines = Map.groupBy(
    found.flatMap(({ line, student }) => keys(student).map((key) => ({ line, key }))),
    ({ key }) => key,
  );
  const students: Student[] = [];
  for (const { line, student } of found) {
    const twice = keys(student).find((key) => (lines.get(key)?.length ?? 0) > 1);
    if (!twice) students.push(student);
    else {
      const at = lines
        .get(twice)
        ?.map((one) => one.line)
        .join(" and ");
      problems.push({ line, id: student.id, says: `The ${twice} is in the roster more than once (lines ${at}).` });
    }
  }
  return { students, problems: problems.sort((a, b) => a.line - b.line) };
}

/** Whose submission it is: by id, else by address. */
export function studentOf(roster: Roster, { id, email }: Submission["identity"]): Student | undefined {
  const same = (a: string | undefined, b: string): boolean => a !== undefined && a.toLowerCase() === b.toLowerCase();
  return (
    roster.students.find((one) => same(id, one.id) && (one.email === "" || same(email, one.email))) ??
    roster.students.find((one) => one.email !== "" && same(email, one.email))
  );
}
