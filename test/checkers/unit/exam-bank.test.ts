import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { staticProblems } from "../../../checkers/contract/static.ts";
import { draw } from "../../../checkers/exams/draw.ts";
import { readExamFile } from "../../../checkers/exams/exam-file.ts";
import { copyFilled, fillPlaceholders, unknownPlaceholders } from "../../../checkers/exams/fill.ts";
import { loadExam, stationsFor, tasksOf } from "../../../checkers/exams/load.ts";
import { divide } from "../../../checkers/exams/task-text.ts";
import { findLab, namespaceOf, provable, shortName, withSeed } from "../../../checkers/labs.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "workbook-bank-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const examYaml = `title: Demo
summary: Two tasks
minutes: 20
passMark: 60
domains: { configure: 60, deploy: 40 }
tasks: all
`;

/** A task whose checks are data only: node imports it as it is. */
const task = (slug: string, { domain = "configure", points = [3], extra = "" } = {}): void => {
  put(
    `exams/demo/${slug}/facts.ts`,
    `export const facts = (seed, namespace) => ({ namespace, name: \`settings-\${seed}\`, ports: { one: 5000 + seed } });\n`,
  );
  put(
    `exams/demo/${slug}/lab.ts`,
    `import { facts } from "./facts.ts";
const one = (points) => ({ title: "It is there", points, mode: "observe", within: "5s", evidence: "state", why: "It is.",
  failures: { missing: { says: "It is not.", hints: ["Make it."] } }, observe: async () => ({ state: "pass", evidence: [] })${extra} });
export default { title: "Task ${slug}", summary: "One thing", week: 1, minutes: 4, domain: "${domain}", study: ["04"], facts,
  checks: () => ({ ${points.map((worth, index) => `c${index}: one(${worth})`).join(", ")} }) };
`,
  );
  put(`exams/demo/${slug}/task.md`, "Make `{{name}}` with port {{ports.one}}.\n");
  put(`exams/demo/${slug}/solution/map.yaml`, "kind: ConfigMap\nmetadata:\n  name: {{name}}\n");
};

describe("exam.yaml", () => {
  const wrong = (text: string): string => {
    put("exams/demo/exam.yaml", text);
    const read = readExamFile(join(root, "exams/demo"));
    return "problems" in read ? read.problems.join("; ") : "";
  };

  it("is read", () => {
    put("exams/demo/exam.yaml", examYaml);
    expect(readExamFile(join(root, "exams/demo"))).toEqual({
      file: expect.objectContaining({
        minutes: 20,
        passMark: 60,
        domains: { configure: 60, deploy: 40 },
        draw: undefined,
      }),
    });
  });

  it("must have weights that sum to 100", () =>
    expect(wrong(examYaml.replace("deploy: 40", "deploy: 30"))).toContain("the weights must sum to 100"));
  it("must name domains there are", () =>
    expect(wrong(examYaml.replace("deploy: 40", "deplyo: 40"))).toMatch(/domains.*is no domain: there are deploy/));
  it("must say which tasks", () =>
    expect(wrong(examYaml.replace("tasks: all\n", ""))).toContain("either tasks: all, or draw"));
  it("must not say both", () =>
    expect(wrong(`${examYaml}draw: { count: 2 }\n`)).toContain("either tasks: all, or draw"));
  it("must not have a word nobody knows", () => expect(wrong(`${examYaml}passmark: 3\n`)).toContain("passmark"));
  it("must be YAML", () => expect(wrong("title: [")).toContain("is not YAML"));
  it("must be there", () => expect(readExamFile(join(root, "nowhere"))).toHaveProperty("problems"));
});

describe("placeholders", () => {
  const facts = { name: "api", ports: { service: 5000 }, list: [1] };
  it("are filled in, dotted ones too", () =>
    expect(fillPlaceholders("{{name}}:{{ports.service}} {{ name }}", facts)).toBe("api:5000 api"));
  it("leave what is no fact, and Go's templates", () => {
    const text = "{{pod}} {{.items}} {{range .items}}{{end}} {{list}} {{constructor}}";
    expect(fillPlaceholders(text, facts)).toBe(text);
  });
  it("that are unknown are told with their line", () =>
    expect(unknownPlaceholders("{{name}}\n{{ports.web}}", facts)).toEqual([{ name: "ports.web", line: 2 }]));
  it("are filled in when a folder is copied; what is no text stays byte by byte", () => {
    put("from/a.yaml", "name: {{name}}");
    put("from/deep/b.sh", "#!/bin/sh\necho {{name}}");
    writeFileSync(join(root, "from/c.bin"), Buffer.from([0, 123, 123, 110, 97, 109, 101, 125, 125]));
    put("into/a.yaml", "the candidate's own");
    copyFilled(join(root, "from"), join(root, "into"), facts, true);
    expect(readFileSync(join(root, "into/a.yaml"), "utf8")).toBe("the candidate's own");
    expect(readFileSync(join(root, "into/deep/b.sh"), "utf8")).toBe("#!/bin/sh\necho api");
    expect(readFileSync(join(root, "into/c.bin"))).toEqual(readFileSync(join(root, "from/c.bin")));
  });
});

describe("task.md", () => {
  it("is one task without ids", () =>
    expect(divide("Do it.\n\n## Why\nSo.", "Title")).toEqual({
      intro: "",
      tasks: [{ id: "", title: "Title", text: "Do it.\n\n## Why\nSo." }],
    }));
  it("is divided at headings with an id, not inside fences", () =>
    expect(divide("All.\n\n## One {#one}\n1\n```text\n## No {#no}\n```\n## Two: more {#two}\n2", "T")).toEqual({
      intro: "All.",
      tasks: [
        { id: "one", title: "One", text: "1\n```text\n## No {#no}\n```" },
        { id: "two", title: "Two: more", text: "2" },
      ],
    }));
});

describe("a bank", () => {
  beforeEach(() => {
    put("exams/demo/exam.yaml", examYaml);
    task("01-one", { points: [3, 1] });
    task("02-two", { domain: "deploy", points: [5] });
    task("03-three", { points: [4] });
  });

  it("is found by name and number, and its namespaces are its own", () => {
    expect(findLab("demo/2", [root]).slug).toBe("demo-02-two");
    expect(findLab("demo/02-two", [root]).slug).toBe("demo-02-two");
    expect(findLab("demo-02", [root]).slug).toBe("demo-02-two");
    expect(findLab("demo-02-two", [root]).slug).toBe("demo-02-two");
    expect(() => findLab("demo/9", [root])).toThrow(/has no task "9"/);
    expect(() => findLab("demo", [root])).toThrow(/has 3 tasks/);
    expect(provable("demo", [root])).toHaveLength(3);
    expect(shortName("demo-02-two")).toBe("demo-02");
    expect(shortName("02-deploy")).toBe("02");
    expect(namespaceOf({ number: "02", exam: "demo" }, "ann")).toBe("ann-exam-demo-02");
  });

  it("gives tasks whose weights sum to 100, by domain and points, with the seed's names", async () => {
    const exam = await loadExam("demo", [root]);
    const stations = stationsFor(exam, 7).map((lab) => withSeed(lab, 7));
    const attempt = {
      ...{ id: 1, exam: "demo", file: exam.file, seed: 7, minutes: 20 },
      stations: stations.map(({ slug, dir, number }) => ({ slug, dir, namespace: `exam-demo-${number}` })),
    };
    const tasks = tasksOf(attempt, stations);
    expect(tasks.map(({ key, domain, weight }) => [key, domain, weight])).toEqual([
      ["01", "configure", 30],
      ["02", "deploy", 40],
      ["03", "configure", 30],
    ]);
    expect(tasks[0]?.text).toBe("Make `settings-7` with port 5007.");
  });

  it("says what an exam that is not there, or cannot give its tasks, lacks", async () => {
    await expect(loadExam("other", [root])).rejects.toThrow(/There is no exam "other"/);
    put("exams/demo/exam.yaml", examYaml.replace("tasks: all", "draw: { count: 4 }"));
    const exam = await loadExam("demo", [root]);
    expect(() => stationsFor(exam, 1)).toThrow(/draws 4 tasks, but its bank has 3/);
  });

  it("is proved without a cluster like a lab", async () => {
    expect(await staticProblems(join(root, "exams/demo/01-one"))).toEqual([]);
  });

  it("is told what is wrong with a task", async () => {
    const say = async (): Promise<string> =>
      (await staticProblems(join(root, "exams/demo/01-one"))).map(({ where, says }) => `${where} ${says}`).join("\n");
    put("exams/demo/01-one/task.md", "Make {{nmae}} called settings-1.\n\n```bash\nif\n```\n");
    put("exams/demo/01-one/lesson.mdx", "stray");
    put(
      "exams/demo/01-one/facts.ts",
      'export const facts = (seed, namespace) => ({ namespace, name: "settings-1" });\n',
    );
    cpSync(join(root, "exams/demo/01-one"), join(root, "exams/demo/04-wrong"), { recursive: true });
    const problems = (await staticProblems(join(root, "exams/demo/04-wrong")))
      .map(({ where, says }) => `${where} ${says}`)
      .join("\n");
    expect(problems).toContain("task.md:1 {{nmae}} is no fact");
    expect(problems).toContain('"settings-1" is typed out');
    expect(problems).toContain("the bash block does not parse");
    expect(problems).toContain("lesson.mdx is a stray file");
    expect(problems).toContain("gives the same for every seed");
    put("exams/demo/exam.yaml", examYaml.replace("configure: 60", "scale: 60"));
    expect(await say()).toContain("counts for configure, which the exam does not weigh");
  });

  it("matches checks and headings", async () => {
    put("exams/demo/02-two/task.md", "## First {#first}\n{{name}}\n## Second {#second}\n");
    const problems = (await staticProblems(join(root, "exams/demo/02-two"))).map(({ says }) => says);
    expect(problems).toContain("belongs to no heading of task.md");
    expect(problems).toContain('the task "second" has no check');
  });
});

describe("a draw", () => {
  const bank = Object.entries({ deploy: 6, expose: 4, scale: 3, observe: 2 }).flatMap(([domain, count]) =>
    Array.from({ length: count }, (_, index) => ({ id: `${domain}-${index}`, domain })),
  );
  const weights = { deploy: 50, expose: 30, scale: 15, observe: 5 };
  const of = (ids: string[], domain: string): number => ids.filter((id) => id.startsWith(domain)).length;
  const drawn = (count: number, seed: number): string[] => {
    const result = draw(bank, weights, count, seed);
    if ("problem" in result) throw new Error(result.problem);
    return result.ids;
  };

  it("has of each domain in proportion, and at least one", () => {
    const ids = drawn(10, 1);
    expect(["deploy", "expose", "scale", "observe"].map((domain) => of(ids, domain))).toEqual([5, 3, 1, 1]);
    expect(new Set(ids).size).toBe(10);
  });
  it("is the same for the same seed and differs by seed", () => {
    expect(drawn(8, 5)).toEqual(drawn(8, 5));
    expect(new Set([1, 2, 3, 4, 5, 6].map((seed) => drawn(8, seed).join())).size).toBeGreaterThan(3);
  });
  it("takes from others what a domain lacks", () => expect(of(drawn(15, 2), "deploy")).toBe(6));
  it("says when it cannot", () => {
    expect(draw(bank, weights, 16, 1)).toEqual({ problem: "draws 16 tasks, but its bank has 15" });
    expect(draw(bank, weights, 3, 1)).toHaveProperty("problem");
    expect(draw(bank, { ...weights, release: 1 }, 8, 1)).toEqual({
      problem: "weighs release, of which its bank has no task",
    });
  });
});
