import { XMLBuilder } from "fast-xml-parser";
import type { CheckGrade, Grade, LabGrade } from "../schema.ts";
import { inText } from "./words.ts";

/** XML 1.0 has no place for most control characters, not even escaped. */
const plain = (text: string): string =>
  text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd").toWellFormed();

const attributes = (values: Record<string, string | number>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`@${name}`, plain(String(value))]));

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/**
 * JUnit XML as CI systems read it: a suite for each lab, a case for each check. What failed or was not begun is a failure, what could not be
 * looked at an error, what was not judged is skipped; the status stands in the suite's properties and, when incomplete, in its error output.
 */
export function junitXml(grade: Grade): string {
  const took = new Map(
    grade.timing.labs.flatMap(({ lab, checks }) => checks.map((one) => [`${lab}/${one.check}`, one.took] as const)),
  );
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@", format: true });
  const suites = grade.labs.map((lab) => suite(lab, grade, (check) => took.get(`${lab.lab}/${check}`) ?? 0));
  const counts = (name: string): number => suites.reduce((sum, one) => sum + Number(one[`@${name}`]), 0);
  return builder.build({
    "?xml": { "@version": "1.0", "@encoding": "UTF-8" },
    testsuites: {
      ...attributes({
        name: `workbook: ${grade.status}`,
        tests: counts("tests"),
        failures: counts("failures"),
        errors: counts("errors"),
        skipped: counts("skipped"),
        time: seconds(grade.timing.took),
      }),
      testsuite: suites,
    },
  }) as string;
}

function suite(lab: LabGrade, grade: Grade, took: (check: string) => number): Record<string, unknown> {
  const count = (...states: CheckGrade["state"][]): number =>
    lab.checks.filter(({ state }) => states.includes(state)).length;
  const timing = grade.timing.labs.find((one) => one.lab === lab.lab);
  const problem = lab.problem === undefined ? [] : [lab.problem];
  const property = (name: string, value: string | number): Record<string, string> => attributes({ name, value });
  return {
    ...attributes({
      name: lab.lab,
      tests: lab.checks.length + problem.length,
      failures: count("fail", "untouched"),
      errors: count("error") + problem.length,
      skipped: count("blocked"),
      time: seconds(timing?.took ?? 0),
      timestamp: grade.timing.gradedAt,
    }),
    properties: {
      property: [
        property("status", lab.status),
        property("points", lab.points),
        property("counted", lab.counted),
        property("earned", lab.earned),
        property("score", lab.score ?? "none"),
        property("says", lab.says),
      ],
    },
    testcase: [
      ...lab.checks.map((check) => ({
        ...attributes({ name: check.title, classname: `${lab.lab}.${check.id}`, time: seconds(took(check.id)) }),
        ...result(check),
      })),
      ...problem.map((message) => ({
        ...attributes({ name: lab.title, classname: lab.lab, time: 0 }),
        error: { ...attributes({ message, type: "incomplete" }), "#text": plain(lab.says) },
      })),
    ],
    ...(lab.status === "incomplete" && { "system-err": plain(lab.says) }),
  };
}

function result(check: CheckGrade): Record<string, unknown> {
  const text = plain(inText(check));
  const told = attributes({ message: check.says ?? "", type: check.code ?? check.state });
  switch (check.state) {
    case "pass":
      return text === "" ? {} : { "system-out": text };
    case "blocked":
      return { skipped: attributes({ message: check.says ?? "" }) };
    case "error":
      return { error: { ...told, "#text": text } };
    default:
      return { failure: { ...told, "#text": text } };
  }
}
