import { relative } from "node:path";

/** What vitest's JSON reporter writes, as far as it is read here. */
export interface VitestReport {
  /** The run's exit code: 1 also for an error that belongs to no file. */
  code: number;
  testResults: {
    /** The file's absolute path. */
    name: string;
    status: string;
    /** What its import or its hooks outside every `describe` threw. */
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** Counts of tests, and what is to be told by name. */
export interface Tally {
  passed: number;
  failed: number;
  /** What failed, and what passed only at its second try; a line each. */
  remarks?: string[];
}

type FileResult = VitestReport["testResults"][number];

const firstLine = (text = ""): string => text.split("\n")[0] as string;
const because = (message: string | undefined): string => (message ? `: ${firstLine(message)}` : "");
const countOf = ({ assertionResults }: FileResult, status: string): number =>
  assertionResults.filter((test) => test.status === status).length;

/** Whether a file failed though none of its tests did: by its import or a hook, which vitest's `--retry` doesn't try again. */
export const failedOutsideTests = (file: FileResult): boolean =>
  file.status === "failed" && countOf(file, "failed") === 0;

/**
 * Counts a run test by test. A file that failed outside its tests counts as one failure; a run without a test is one too. `second` is the report of a
 * run of some of the files again: what it says of them holds.
 */
export function tally(first: VitestReport, root: string, second?: VitestReport): Tally {
  const total: Required<Tally> = { passed: 0, failed: 0, remarks: [] };
  for (const before of first.testResults) {
    const again = second?.testResults.find(({ name }) => name === before.name);
    const result = again ?? before;
    const file = relative(root, result.name);
    total.passed += countOf(result, "passed");
    total.failed += failedOutsideTests(result) ? 1 : countOf(result, "failed");
    if (failedOutsideTests(result)) total.remarks.push(`✗ ${file}${because(result.message)}`);
    else if (again) total.remarks.push(`~ ${file}: second try${because(before.message)}`);
    for (const { status, fullName, failureMessages } of result.assertionResults) {
      const message = failureMessages[0];
      if (status === "failed") total.remarks.push(`✗ ${file}: ${fullName}${because(message)}`);
      else if (message !== undefined) total.remarks.push(`~ ${file}: ${fullName}: second try${because(message)}`);
    }
  }
  if (total.failed === 0 && (total.passed === 0 || (second ?? first).code !== 0)) {
    total.failed = 1;
    total.remarks.push(
      total.passed === 0 ? "✗ no test ran" : "✗ an error outside every file: see vitest's own words above",
    );
  }
  return total;
}
