import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { afterAll, describe, expect, it } from "vitest";
import { gradeExitCode, writeGrade } from "../../../checkers/commands/grade.ts";
import { gradeLines } from "../../../checkers/commands/grade-lines.ts";
import { io } from "../../../checkers/commands/io.ts";
import { fail, parts, pass } from "../../../checkers/core/verdict.ts";
import { withoutTiming } from "../../../checkers/grading/grade.ts";
import { defaultPolicy, readPolicy } from "../../../checkers/grading/policy.ts";
import { type Grade, gradeSchema, gradeSchemaText } from "../../../checkers/grading/schema.ts";
import { classroomResults } from "../../../checkers/grading/writers/classroom.ts";
import { gradebookCsv } from "../../../checkers/grading/writers/csv.ts";
import { gradescopeResults } from "../../../checkers/grading/writers/gradescope.ts";
import { gradeHtml } from "../../../checkers/grading/writers/html.ts";
import { junitXml } from "../../../checkers/grading/writers/junit.ts";
import { fated, gradeOf, labOf } from "./grading-kit.ts";

const folder = mkdtempSync(join(tmpdir(), "workbook-grade-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

/** What a learner could put into an object to spoil a report. */
const nasty = `<script>alert(1)</script> "quoted" 'single' & ]]> \u0000\u001b[31m =1+1`;

const whole = await gradeOf([
  labOf(
    {
      good: fated("good", "pass", { points: 2 }),
      bad: fated("bad", "fail", {
        points: 3,
        title: `Bad ${nasty}`,
        observe: (async () =>
          fail("wrong", { object: nasty, path: nasty, expected: nasty, actual: nasty, command: nasty })) as never,
      }),
      blocked: fated("blocked", "pass", { needs: ["bad"], points: 4 }),
      todo: fated("todo", "untouched"),
      partly: fated("partly", "pass", {
        points: 3,
        parts: { one: { title: "One", points: 1 }, two: { title: "Two", points: 2 } },
        observe: (async () => parts({ one: fail("wrong"), two: pass() })) as never,
      }),
      secret: fated("secret", "pass", { hidden: true, points: 5 }),
    },
    { title: `Lab ${nasty}` },
    "01-first",
  ),
  labOf({ only: fated("only", "pass") }, { domain: "release" }, "02-second"),
]);
const incomplete = await gradeOf([
  labOf({ a: fated("a", "pass", { points: 2 }), b: fated("b", "error") }, {}, "01-first"),
  labOf({ only: fated("only", "pass") }, {}, "02-second"),
]);

describe("the schema", () => {
  it("that is published is the one grades keep", () => {
    const published = JSON.parse(readFileSync(new URL("../../../docs/grade.schema.json", import.meta.url), "utf8"));
    // After a change: ./workbook grade --schema > docs/grade.schema.json
    expect(published).toEqual(JSON.parse(gradeSchemaText()));
  });
  it("takes what is printed, and nothing that is not in it", () => {
    for (const grade of [whole, incomplete]) {
      const printed = JSON.parse(JSON.stringify(grade));
      expect(gradeSchema.parse(printed)).toEqual(printed);
      expect(gradeSchema.safeParse({ ...printed, more: 1 }).success).toBe(false);
      expect(gradeSchema.safeParse({ ...printed, score: 1.2 }).success).toBe(false);
    }
  });
  it("has all that differs between two gradings in one place", async () => {
    const again = await gradeOf([labOf({ only: fated("only", "pass") })]);
    const first = await gradeOf([labOf({ only: fated("only", "pass") })]);
    expect(JSON.stringify(withoutTiming(again), null, 2)).toBe(JSON.stringify(withoutTiming(first), null, 2));
    expect(Object.keys(again).at(-1)).toBe("timing");
  });
});

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  isArray: (name) => ["testsuite", "testcase", "property"].includes(name),
});
interface Case {
  "@name": string;
  "@classname": string;
  failure?: { "@type": string };
  error?: unknown;
  skipped?: unknown;
}
interface Suite {
  "@name": string;
  "@tests": string;
  "@failures": string;
  "@errors": string;
  "@skipped": string;
  properties: { property: { "@name": string; "@value": string }[] };
  testcase: Case[];
}
const suitesOf = (grade: Grade): Suite[] => {
  const xml = junitXml(grade);
  expect(XMLValidator.validate(xml)).toBe(true);
  return (parser.parse(xml) as { testsuites: { testsuite: Suite[] } }).testsuites.testsuite;
};
const property = (suite: Suite | undefined, name: string) =>
  suite?.properties.property.find((one) => one["@name"] === name)?.["@value"];

describe("JUnit XML", () => {
  it("tells failures, what was skipped and what could not be looked at apart, and counts them right", () => {
    const [first] = suitesOf(whole);
    expect(first).toMatchObject({
      "@name": "01-first",
      "@tests": "6",
      "@failures": "3",
      "@errors": "0",
      "@skipped": "1",
    });
    const kinds = first?.testcase.map((one) =>
      one.failure ? "failure" : one.error ? "error" : one.skipped ? "skipped" : "pass",
    );
    expect(kinds).toEqual(["pass", "failure", "skipped", "failure", "failure", "pass"]);
    expect(first?.testcase[1]?.failure?.["@type"]).toBe("wrong");
    expect(first?.testcase[1]?.["@name"]).toContain("<script>alert(1)</script>");
    expect(property(first, "earned")).toBe("9");
  });
  it("has no character XML has no place for", () => {
    expect(junitXml(whole)).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  });
  it("names an incomplete grade", () => {
    const [first, second] = suitesOf(incomplete);
    expect(first).toMatchObject({ "@errors": "1" });
    expect(property(first, "status")).toBe("incomplete");
    expect(property(first, "score")).toBe("none");
    expect(property(second, "status")).toBe("passed");
    expect(junitXml(incomplete)).toContain('name="workbook: incomplete"');
  });
});

describe("Gradescope", () => {
  interface Test {
    name: string;
    score?: number;
    max_score: number;
    visibility: string;
    status?: string;
    output: string;
  }
  const results = (grade: Grade) => gradescopeResults(grade) as { score?: number; output: string; tests: Test[] };
  it("has a score out of all points, and tests that show what they found", () => {
    const { score, tests } = results(whole);
    // 10 of 15 points counted, of 19 in all.
    expect(score).toBe(Math.round((10 / 15) * 19 * 100) / 100);
    expect(tests.map(({ status }) => status)).toEqual([
      "passed",
      "failed",
      undefined,
      "failed",
      "failed",
      "passed",
      "passed",
    ]);
    expect(tests[2]).toMatchObject({ score: 0, max_score: 0 });
    expect(tests[4]).toMatchObject({ score: 2, max_score: 3 });
    expect(tests[5]?.visibility).toBe("after_published");
    expect(tests[1]?.output).toContain("WRONG-bad (wrong)");
  });
  it("gives an incomplete grade no score anywhere", () => {
    const { score, output, tests } = results(incomplete);
    expect(score).toBeUndefined();
    expect(tests.every((one) => one.score === undefined)).toBe(true);
    expect(output).toMatch(/^INCOMPLETE\. 01-first: Incomplete, no final score: b could not be looked at/);
  });
});

describe("GitHub Classroom", () => {
  interface Result {
    version: number;
    status: string;
    max_score?: number;
    tests: { status: string; score: number; message: string | null }[];
  }
  const results = (grade: Grade) => classroomResults(grade) as unknown as Result;
  it("sums to the points that count, as its reporter adds them up", () => {
    const { version, status, max_score, tests } = results(whole);
    expect({ version, status, max_score }).toEqual({ version: 1, status: "fail", max_score: whole.counted });
    expect(tests.reduce((sum, one) => sum + one.score, 0)).toBe(whole.earned);
    expect(tests.map((one) => one.status)).toEqual(["pass", "fail", "fail", "fail", "pass", "pass"]);
    expect(tests[0]?.message).toBeNull();
  });
  it("reports an incomplete grade as an error without points", () => {
    const { status, max_score, tests } = results(incomplete);
    expect({ status, max_score }).toEqual({ status: "error", max_score: undefined });
    expect(tests.map((one) => [one.status, one.score])).toEqual([
      ["pass", 0],
      ["error", 0],
      ["pass", 0],
    ]);
  });
});

/** A CSV's cells; quoted ones may hold commas, quotes and line ends. */
function cells(text: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, quoted]: [string[], string, boolean] = [[], "", false];
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    if (quoted && char === '"' && text[index + 1] === '"') {
      cell += '"';
      index++;
    } else if (char === '"') quoted = !quoted;
    else if (char === "," && !quoted) {
      row.push(cell);
      cell = "";
    } else if (char === "\n" && !quoted) {
      rows.push([...row, cell]);
      [row, cell] = [[], ""];
    } else cell += char;
  }
  return rows;
}

describe("gradebooks", () => {
  const ada = { name: "Lovelace, Ada", id: "7", number: "S-7", login: "ada", email: "ada@example.org", section: "A" };
  const rows = [
    { student: ada, grade: whole },
    { student: { name: "=HYPERLINK(0)" }, grade: incomplete },
  ];
  it("are as Canvas imports them: its columns, the points row, an empty cell where there is no score", () => {
    const [head, possible, first, second] = cells(gradebookCsv(rows, "canvas"));
    expect(head?.slice(0, 5)).toEqual(["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]);
    expect(head?.[6]).toBe("Lab 02: My lab");
    expect(possible?.[0]).toBe("    Points Possible");
    expect(possible?.slice(5, 7)).toEqual(["18", "1"]);
    expect(first?.slice(0, 5)).toEqual(["Lovelace, Ada", "7", "S-7", "ada", "A"]);
    expect(first?.slice(5)).toEqual(["11.57", "1", "not passed"]);
    expect(second?.slice(5, 7)).toEqual(["", "1"]);
    expect(second?.[7]).toMatch(/^incomplete: 01-first/);
    // Canvas takes any other column for a new assignment; those with one of these names in them it leaves alone.
    expect(head?.[7]).toMatch(/Final Grade/);
  });
  it("are as Moodle maps them: a grade and a feedback column per lab", () => {
    const [head, first, second] = cells(gradebookCsv(rows, "moodle"));
    expect(head?.slice(0, 4)).toEqual(["Full name", "Username", "ID number", "Email address"]);
    expect(first?.slice(1, 4)).toEqual(["ada", "S-7", "ada@example.org"]);
    expect(first?.[4]).toBe("11.57");
    expect(second?.[4]).toBe("");
    expect(second?.[5]).toMatch(/^Incomplete, no final score/);
    expect(head).toHaveLength(9);
  });
  it("hold no formula", () => {
    for (const lms of ["canvas", "moodle"] as const) {
      for (const row of cells(gradebookCsv(rows, lms)).slice(1)) {
        for (const cell of row) expect(cell).not.toMatch(/^[=+@-]/);
      }
    }
  });
});

describe("the HTML report", () => {
  const html = gradeHtml(whole, [`Student ${nasty}`]);
  it("escapes everything", () => {
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &quot;quoted&quot; &#39;single&#39; &amp; ]]&gt;");
    expect(XMLValidator.validate(html.replace("<!doctype html>", "").replaceAll(/<meta[^>]*>/g, ""))).toBe(true);
  });
  it("asks nobody for anything", () => {
    expect(html).not.toMatch(/https?:|src=|url\(|@import|<link|<iframe|<img/);
    expect(html).toContain("default-src 'none'");
  });
  it("has every check with what was seen, reads in light and dark, and says what was hidden", () => {
    for (const text of ["WRONG-bad", "not judged", "4, left out", "2 of 3", "hidden until graded", "light-dark("]) {
      expect(html).toContain(text);
    }
    expect(gradeHtml(incomplete)).toContain("No final score.");
    expect(gradeHtml(incomplete)).toMatch(/class="status incomplete">incomplete/);
  });
});

describe("the terminal", () => {
  it("tells each check, and why there is no final score", () => {
    const text = gradeLines(whole, io).join("\n");
    expect(text).toContain("10 of 15 points counted (19 points in all)");
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "9 of 14 points counted; 4 points could not be judged because bad did not pass.",
    );
    expect(text).toContain("(wrong)");
    const none = gradeLines(incomplete, io).join(" ").replaceAll(/\s+/g, " ");
    expect(none).toContain("incomplete: Incomplete, no final score: b could not be looked at");
  });
  it("has an exit code for each status", () => {
    expect([whole, incomplete, { status: "passed" as const }].map(gradeExitCode)).toEqual([1, 2, 0]);
  });
});

describe("files", () => {
  it("are all written at once", async () => {
    const files = {
      junit: at("j.xml"),
      gradescope: at("g.json"),
      classroom: at("c.json"),
      html: at("r.html"),
      csv: at("m.csv"),
      lms: "moodle" as const,
    };
    await writeGrade(whole, files, "ada@example.org");
    expect(readFileSync(files.junit, "utf8")).toContain("<testsuites");
    expect(JSON.parse(readFileSync(files.gradescope, "utf8"))).toHaveProperty("tests");
    expect(JSON.parse(readFileSync(files.classroom, "utf8"))).toHaveProperty("version", 1);
    expect(readFileSync(files.csv, "utf8")).toContain("ada@example.org");
    expect(readFileSync(files.html, "utf8")).toContain("ada@example.org");
  });
  it("that cannot be written are named", async () => {
    await expect(writeGrade(whole, { junit: at("no/where.xml") })).rejects.toThrow(
      "could not be written: its folder is not there",
    );
  });
});

describe("a policy", () => {
  const read = (text: string) => {
    writeFileSync(at("policy.yaml"), text);
    return readPolicy(at("policy.yaml"));
  };
  it("says what it says, and the rest stays as it is", async () => {
    expect(await read("blocked: lost\nweights: {release: 3}\n")).toEqual({
      policy: { ...defaultPolicy, blocked: "lost", weights: { release: 3 } },
      submissions: {},
    });
    expect((await read("")).policy).toEqual(defaultPolicy);
    expect((await read("submissions:\n  due: 2026-01-01\n")).submissions).toEqual({ due: "2026-01-01" });
  });
  it.each([
    ["a misspelt word", "bloked: lost", "bloked"],
    ["another value", "blocked: maybe", "blocked:"],
    ["a negative weight", "weights: {deploy: -1}", "weights.deploy"],
    ["no YAML", "a: [", "cannot be read"],
    ["too many aliases", `a: &a [1]\nb: [${"*a,".repeat(50)}*a]`, "cannot be read"],
  ])("with %s is refused by name", async (_name, text, says) => {
    await expect(read(text)).rejects.toThrow(says);
  });
  it("that is not there is named", async () => {
    await expect(readPolicy(at("gone.yaml"))).rejects.toThrow("is not there");
  });
});
