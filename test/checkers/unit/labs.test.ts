import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { exchangePort, filesBelow, overlay } from "../../../checkers/contract/files.ts";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import { staticProblems } from "../../../checkers/contract/static.ts";
import {
  findLab,
  LabError,
  labFolders,
  loadLab,
  loadLabs,
  namespaceOf,
  nodePortOf,
  withNodePort,
} from "../../../checkers/labs.ts";

const root = mkdtempSync(join(tmpdir(), "workbook-labs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
/** A lab that is all right, in a root of its own. */
const lab = (slug = "27-my-lab"): { root: string; dir: string } => {
  const own = join(root, String(made++));
  return { root: own, dir: scaffold(slug, own) };
};
const write = (dir: string, name: string, text: string): void => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
};
const edit = (dir: string, name: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(join(dir, name), "utf8");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(join(dir, name), changed);
};

describe("a lab made by `lab new`", () => {
  it("has no mistake", async () => expect(await staticProblems(lab().dir)).toEqual([]));

  it("is found by number and by name, and loads", async () => {
    const { root } = lab();
    for (const name of ["27", "27-my-lab"]) {
      const loaded = await loadLab(name, [root]);
      expect(loaded).toMatchObject({ slug: "27-my-lab", number: "27" });
      expect(Object.keys(loaded.checks("lab-27"))).toEqual(["greeting"]);
      expect((await loaded.quiz()).items).toHaveLength(1);
    }
    expect(await loadLabs([root])).toHaveLength(1);
  });

  it("is not made over another, nor under a bad name", () => {
    const { root } = lab();
    expect(() => scaffold("27-my-lab", root)).toThrow("is there already");
    expect(() => scaffold("my-lab", root)).toThrow("no name for a lab");
  });
});

describe("finding labs", () => {
  it("takes 1 for 01, and tells the labs there are", () => {
    const { root } = lab("01-first");
    expect(findLab("1", [root]).slug).toBe("01-first");
    expect(() => findLab("02", [root])).toThrow('There is no lab "02".');
    expect(() => findLab("../01-first", [root])).toThrow(LabError);
  });
  it("refuses a number two labs have", () => {
    const { root } = lab("01-first");
    scaffold("01-other", root);
    expect(() => findLab("01", [root])).toThrow("more than one lab");
    expect(findLab("01-other", [root]).slug).toBe("01-other");
  });
  it("refuses a lab that is in two roots", () => {
    expect(() => labFolders([lab().root, lab().root])).toThrow("is there twice");
  });
  it("refuses a root that is not there", () => {
    expect(() => labFolders([join(root, "gone")])).toThrow("There is no folder");
  });
  it("names the namespace after the number, and the learner where a cluster is shared", () => {
    expect(namespaceOf({ number: "07" })).toBe("lab-07");
    expect(namespaceOf({ number: "07" }, "ada")).toBe("ada-lab-07");
  });
});

describe("each kind of mistake is told to the author", () => {
  const remove = (name: string) => (dir: string) => rmSync(join(dir, name), { recursive: true });
  const cases: [string, (dir: string) => void, string][] = [
    ["no lab.ts", remove("lab.ts"), "lab.ts: is missing"],
    ["no facts.ts", remove("facts.ts"), "facts.ts: is missing"],
    ["no lesson", remove("lesson.mdx"), "lesson.mdx: is missing"],
    ["no quiz", remove("quiz.yaml"), "quiz.yaml: is missing"],
    ["no solution", remove("solution"), "solution/: is missing or empty"],
    ["a stray file", (dir) => write(dir, "notes.txt", "x"), "notes.txt: is a stray file"],
    [
      "a stray file in start/",
      (dir) => write(dir, "start/deployment.yaml", "a: 1"),
      "start/deployment.yaml: is a stray file",
    ],
    [
      "a mutant that leaves out what is not there",
      (dir) => write(dir, "mutants/greeting/other.yaml", ""),
      "mutants/greeting/other.yaml: is empty and leaves out nothing",
    ],
    [
      "mutants that do without a start that is not there",
      (dir) => write(dir, "mutants/greeting/start/other.yaml", ""),
      "mutants/greeting/start/other.yaml: leaves out nothing of start/cluster/",
    ],
    [
      "mutants with a start of their own",
      (dir) => {
        write(dir, "start/cluster/other.yaml", "kind: ConfigMap");
        write(dir, "mutants/start/other.yaml", "kind: Secret");
      },
      "mutants/start/other.yaml: leaves out nothing of start/cluster/",
    ],
    [
      "a node port without its fact",
      (dir) => edit(dir, "lab.ts", "  summary:", "  requires: { nodePort: true },\n  summary:"),
      "facts.ts: has no number nodePort",
    ],
    [
      "a start that opens the node port",
      (dir) => {
        edit(dir, "lab.ts", "  summary:", "  requires: { nodePort: true },\n  summary:");
        edit(dir, "facts.ts", "({", "({ nodePort: 30080,");
        write(
          dir,
          "start/cluster/service.yaml",
          "apiVersion: v1\nkind: Service\nspec: { ports: [{ nodePort: 30080 }] }\n",
        );
      },
      "start/cluster/service.yaml: opens node port 30080",
    ],
    ["facts that import", (dir) => edit(dir, "facts.ts", /^/, 'import "./lab.ts";\n'), "facts.ts: imports something"],
    [
      "facts that throw",
      (dir) => edit(dir, "facts.ts", "({", "(() => { throw new Error('oh') })() ?? ({"),
      "facts.ts: facts() threw: oh",
    ],
    [
      "facts that are no object",
      (dir) => write(dir, "facts.ts", "export const facts = () => 7 as never;"),
      "facts() gave number",
    ],
    [
      "facts that are no function",
      (dir) => write(dir, "facts.ts", "export const facts = {} as never;"),
      "facts in 27-my-lab/lab.ts is not a function",
    ],
    ["no export", (dir) => edit(dir, "lab.ts", "export default", "export const lab ="), "exports no lab"],
    ["a syntax error", (dir) => edit(dir, "lab.ts", "defineLab({", "defineLab({{"), "lab.ts cannot be loaded"],
    ["an import that is not there", (dir) => edit(dir, "lab.ts", "./facts.ts", "./fact.ts"), "lab.ts cannot be loaded"],
    ["no checks", (dir) => edit(dir, "lab.ts", "checks:", "check:"), "checks in 27-my-lab/lab.ts is not a function"],
    ["a misspelt field", (dir) => edit(dir, "lab.ts", "minutes:", "minuets:"), "minutes:"],
    ["an unknown domain", (dir) => edit(dir, "lab.ts", '"configure"', '"config"'), "lab.ts: domain:"],
    ["a week that is none", (dir) => edit(dir, "lab.ts", "week: 1", "week: 9"), "lab.ts: week:"],
    [
      "a check without failures",
      (dir) => edit(dir, "lab.ts", /failures: \{[\s\S]*?\n {6}\},/, "failures: {},"),
      "check greeting: declares no failure",
    ],
    [
      "an empty hint ladder",
      (dir) => edit(dir, "lab.ts", /hints: \["kubectl get[^\]]*\]/, "hints: [] as never"),
      "has no hint for differs",
    ],
    [
      "a failure that says nothing",
      (dir) => edit(dir, "lab.ts", "There is no such ConfigMap yet.", ""),
      "says nothing for missing",
    ],
    ["a check without points", (dir) => edit(dir, "lab.ts", "points: 1", "points: 0"), "is worth 0 points"],
    ["an unknown mode", (dir) => edit(dir, "lab.ts", '"observe"', '"watch" as never'), "has the mode watch"],
    [
      "a time that is none",
      (dir) => edit(dir, "lab.ts", 'within: "10s"', 'within: "10 s" as never'),
      '"10 s" is not a duration',
    ],
    [
      "a check id that is no slug",
      (dir) => edit(dir, "lab.ts", "greeting: check", "Greeting: check"),
      "has an id that is no slug",
    ],
    ["a mutant of no check", (dir) => write(dir, "mutants/other/differs/a.yaml", "a: 1"), 'there is no check "other"'],
    ["a mutant of no code", (dir) => write(dir, "mutants/greeting/other/a.yaml", "a: 1"), 'declares no code "other"'],
    [
      "an empty mutant",
      (dir) => mkdirSync(join(dir, "mutants/greeting/missing")),
      "mutants/greeting/missing: is empty",
    ],
    [
      "a manifest that is no YAML",
      (dir) => write(dir, "solution/configmap.yaml", "a: [b"),
      "solution/configmap.yaml: is not YAML",
    ],
    [
      "a manifest that names a namespace",
      (dir) => edit(dir, "solution/configmap.yaml", "metadata:", "metadata:\n  namespace: lab-27"),
      "names the namespace lab-27",
    ],
    [
      "a script that does not parse",
      (dir) => write(dir, "variants/imperative/run.sh", "if true; then"),
      "run.sh: does not parse",
    ],
    ["a quiz that is no YAML", (dir) => write(dir, "quiz.yaml", "items: ["), "quiz.yaml is not YAML"],
    [
      "a quiz with no right choice",
      (dir) => edit(dir, "quiz.yaml", "right: true\n", "\n"),
      "items[0].choices: exactly one choice must be right",
    ],
    [
      "a prediction without an experiment",
      (dir) =>
        edit(
          dir,
          "quiz.yaml",
          "predictions: []",
          "predictions: [{id: p, question: q, kind: choice, choices: [a, b], explanation: e}]",
        ),
      'the prediction "p" has no experiment',
    ],
    [
      "a bash block that does not parse",
      (dir) => edit(dir, "lesson.mdx", "kubectl get configmaps", "kubectl get 'configmaps"),
      "the bash block does not parse",
    ],
    ["a fact that is none", (dir) => edit(dir, "lesson.mdx", "[[key]]", "[[kee]]"), "[[kee]] is no fact"],
    [
      "a fact typed out",
      (dir) => edit(dir, "lesson.mdx", "[[configMap]]", "greeting-config"),
      '"greeting-config" is typed out',
    ],
    [
      "a fact typed out in a block",
      (dir) => edit(dir, "lesson.mdx", "get configmaps", "get configmap greeting-config"),
      "Write [[configMap]]",
    ],
    [
      "a task for no check",
      (dir) => edit(dir, "lesson.mdx", 'check="greeting"', 'check="greting"'),
      'there is no check "greting"',
    ],
    [
      "a check without a task",
      (dir) => edit(dir, "lesson.mdx", /<Task[\s\S]*<\/Task>/, ""),
      'the check "greeting" has 0 places',
    ],
    [
      "two tasks for a check",
      (dir) => edit(dir, "lesson.mdx", /$/, '\n<Task check="greeting">again</Task>\n'),
      'the check "greeting" has 2 places',
    ],
    [
      "an answer nobody declared",
      (dir) => edit(dir, "lesson.mdx", "</Task>", '<Answer id="code" />\n</Task>'),
      'there is no answer "code"',
    ],
    ["a quiz nobody sees", (dir) => edit(dir, "lesson.mdx", "<Quiz />", ""), "the quiz is not shown"],
    [
      "a picture that is not there",
      (dir) => edit(dir, "lesson.mdx", "<Quiz />", '<Figure src="a.svg" alt="x" />\n<Quiz />'),
      'there is no picture "a.svg"',
    ],
    ["a picture nobody sees", (dir) => write(dir, "a.svg", "<svg/>"), "a.svg: is shown nowhere"],
    [
      "a picture without words",
      (dir) => {
        write(dir, "a.svg", "<svg/>");
        edit(dir, "lesson.mdx", "<Quiz />", '<Figure src="a.svg" alt="" />\n<Quiz />');
      },
      "no text alternative",
    ],
  ];
  it.each(cases)("%s", async (_name, spoil, says) => {
    const { dir } = lab();
    spoil(dir);
    const problems = await staticProblems(dir);
    const told = problems.map((one) => `${one.where}: ${one.says} → ${one.todo}`);
    expect(told.join("\n")).toContain(says);
    expect(problems.every((one) => one.todo.length > 5)).toBe(true);
    expect(told.join("\n")).not.toMatch(/\n\s+at /);
  });

  it("a folder whose name is no lab's", async () => {
    expect(await staticProblems(join(root, "Lab_1"))).toMatchObject([{ says: "is no name for a lab" }]);
  });
});

describe("a lesson's text", () => {
  it("may hold a fact's value in the address of a link, and in a code fence of its own name", async () => {
    const { dir } = lab();
    edit(
      dir,
      "lesson.mdx",
      "<Quiz />",
      "[more](https://example.org/greeting-config)\n\n~~~text\n```bash\nif\n```\n~~~\n\n<Quiz />",
    );
    expect(await staticProblems(dir)).toEqual([]);
  });
});

describe("a mutant", () => {
  it("replaces what has the same name, adds, and removes with an empty file", () => {
    const dir = join(root, "overlay");
    write(dir, "solution/a.yaml", "right");
    write(dir, "solution/b.yaml", "right");
    write(dir, "solution/run.sh", "right");
    write(dir, "solution/deep/c.txt", "right");
    write(dir, "mutant/a.yaml", "wrong");
    write(dir, "mutant/run.sh", "");
    write(dir, "mutant/deep/c.txt", "wrong");
    write(dir, "mutant/answers/x.txt", "new");
    overlay(join(dir, "solution"), join(dir, "mutant"), join(dir, "laid"));
    const laid = Object.fromEntries(
      filesBelow(join(dir, "laid")).map((file) => [file, readFileSync(join(dir, "laid", file), "utf8")]),
    );
    expect(laid).toEqual({ "a.yaml": "wrong", "b.yaml": "right", "deep/c.txt": "wrong", "answers/x.txt": "new" });
    expect(existsSync(join(dir, "solution/run.sh"))).toBe(true);
  });
  it("shares with the others of its check what lies beside them, and has the last word", () => {
    const dir = join(root, "shared");
    for (const file of ["a.yaml", "b.yaml", "c.yaml"]) write(dir, `solution/${file}`, "right");
    write(dir, "mutants/door/a.yaml", "");
    write(dir, "mutants/door/b.yaml", "");
    write(dir, "mutants/door/shut/b.yaml", "wrong");
    write(dir, "mutants/door/open/c.yaml", "wrong");
    const told = ["shut", "open"].map((code) => {
      overlay(join(dir, "solution"), join(dir, "mutants/door", code), join(dir, code));
      return filesBelow(join(dir, code)).map((file) => `${file} ${readFileSync(join(dir, code, file), "utf8")}`);
    });
    expect(told).toEqual([["b.yaml wrong", "c.yaml right"], ["c.yaml wrong"]]);
  });
});

describe("a node port", () => {
  it("is exchanged wherever an answer names it, and nowhere else", () => {
    const dir = join(root, "doors");
    write(dir, "service.yaml", "nodePort: 30080\n");
    write(dir, "deep/run.sh", 'curl "localhost:30080/x" # not 130080, 300801\n');
    write(dir, "other.yaml", "nodePort: 30090\n");
    exchangePort(dir, { usual: 30080, own: 30082 });
    const texts = filesBelow(dir).map((file) => readFileSync(join(dir, file), "utf8"));
    expect(texts).toEqual([
      'curl "localhost:30082/x" # not 130080, 300801\n',
      "nodePort: 30090\n",
      "nodePort: 30082\n",
    ]);
  });
  it("is the lab's fact, and another one where it is exchanged", async () => {
    const own = await loadLab("03");
    expect(nodePortOf(own)).toBe(30080);
    const other = withNodePort(own, 30081);
    expect(nodePortOf(other)).toBe(30081);
    expect(other.facts("lab-03-x")).toEqual({ ...own.facts("lab-03-x"), nodePort: 30081 });
    expect(other.checks("x").routes?.title).toContain("30081");
    expect(nodePortOf(await loadLab("01"))).toBeUndefined();
  });
});
