import { Command, Option } from "commander";
import { io } from "./checkers/commands/io.ts";

/** Runs a command's module and ends with its exit code: 0 done or passed, 1 not passed, 2 could not. */
const run = async (command: () => Promise<number>): Promise<void> => {
  try {
    process.exitCode = await command();
  } catch (error) {
    process.exitCode = io.report(error);
  }
};

const program = new Command("./workbook")
  .description("A course in running ML services on Kubernetes: lessons, terminals, checks and your own cluster.")
  .showHelpAfterError("(run ./workbook help for the list of commands)")
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

const labs = () =>
  new Option("--labs <dir>", "also load labs from this folder (may be given several times)").argParser(
    (dir: string, dirs: string[] = []) => [...dirs, dir],
  );

program
  .command("up")
  .description("open the course and bring up its cluster; finds what is already there")
  .option("-y, --yes", "install what is missing without asking (container engine, on Debian and Ubuntu)")
  .addOption(new Option("--provider <name>", "where the cluster comes from").choices(["kind", "context"]))
  .option("--context <name>", "use an existing kubeconfig context; works in its own namespaces only")
  .option("--workers <n>", "worker nodes of a new kind cluster", "2")
  .option("--port <n>", "port of the course on 127.0.0.1", "4680")
  .option("--no-open", "do not open the browser")
  .option("--json", "print one JSON object per event")
  .addOption(labs())
  .action((options) => run(async () => (await import("./checkers/commands/up.ts")).up(options, io)));

program
  .command("down")
  .description("stop the course and its cluster; your work and progress stay")
  .option("--delete", "delete the cluster too; what was built for it, your work and progress stay")
  .option("--purge", "delete the cluster too, and what was built for it; your work and progress stay")
  .option("-y, --yes", "do not ask before deleting")
  .action((options) => run(async () => (await import("./checkers/commands/down.ts")).down(options, io)));

program
  .command("status")
  .description("tell what is running")
  .option("--json", "machine-readable")
  .action((options) => run(async () => (await import("./checkers/commands/status.ts")).status(options, io)));

program
  .command("open")
  .description("print a fresh address of the running course and open it")
  .option("--no-open", "print it only")
  .action((options) => run(async () => (await import("./checkers/commands/status.ts")).open(options, io)));

program
  .command("doctor")
  .description("look for what could stand in the way, with the remedy for each")
  .option("--json", "machine-readable")
  .action((options) => run(async () => (await import("./checkers/commands/doctor.ts")).doctor(options, io)));

program
  .command("check")
  .description("check a lab now: exit code 0 all passed, 1 not yet, 2 could not look")
  .argument("<lab>", "number or name, e.g. 02")
  .argument("[check]", "one check only")
  .option("--json", "machine-readable")
  .option("--namespace <name>", "look in this namespace instead of the lab's own")
  .addOption(labs())
  .action((lab, check, options) =>
    run(async () => (await import("./checkers/commands/check.ts")).checkCommand({ lab, check, ...options }, io)),
  );

program
  .command("watch")
  .description("watch a lab's checks turn green while you work")
  .argument("<lab>", "number or name")
  .addOption(labs())
  .action((lab, options) =>
    run(async () => (await import("./checkers/commands/watch.ts")).watchCommand({ lab, ...options }, io)),
  );

program
  .command("hint")
  .description("the next hint for a check that does not pass yet")
  .argument("<lab>", "number or name")
  .argument("<check>", "the check's name, as `check` prints it")
  .addOption(labs())
  .action((lab, check, options) =>
    run(async () => (await import("./checkers/commands/hint.ts")).hint({ lab, check, ...options }, io)),
  );

program
  .command("answer")
  .description("hand in what a task asks you to find out")
  .argument("<lab>", "number or name")
  .argument("<key>", "what it is called in the task")
  .argument("<text>", "what you found")
  .addOption(labs())
  .action((lab, key, text, options) =>
    run(async () => (await import("./checkers/commands/answer.ts")).answer({ lab, key, text, ...options }, io)),
  );

program
  .command("reset")
  .description("start a lab again; your working folder is saved first, your progress stays")
  .argument("<lab>", "number or name")
  .option("-y, --yes", "do not ask")
  .addOption(labs())
  .action((lab, options) =>
    run(async () => (await import("./checkers/commands/reset.ts")).reset({ lab, ...options }, io)),
  );

program
  .command("grade")
  .description("grade labs as they stand, hidden checks too: exit code 0 all passed, 1 not, 2 incomplete")
  .argument("[labs...]", "numbers or names; all when none is given")
  .option("--json", "print the grade as JSON (docs/grade.schema.json)")
  .option("--schema", "print the JSON Schema of what --json prints, and grade nothing")
  .option("--junit <file>", "write JUnit XML")
  .option("--gradescope <file>", "write Gradescope's results.json")
  .option("--classroom <file>", "write a GitHub Classroom autograding result")
  .option("--html <file>", "write a report that stands alone")
  .option("--csv <file>", "write a gradebook for --lms")
  .addOption(new Option("--lms <name>", "whose import the gradebook is for").choices(["canvas", "moodle"]))
  .option("--student <name>", "whose row of the gradebook it is: login or address")
  .option("--policy <file>", "what counts: blocked checks, attested ones, weights of domains; due dates, overrides")
  .option("--namespace <name>", "look in this namespace instead of the lab's own")
  .option("--submissions <dir>", "grade a class: every submission in this folder, each in a namespace of its own")
  .option("--roster <file>", "of the class: a CSV file with the columns id,name,email")
  .option("--out <dir>", "of the class: where gradebook and reports go", "grades")
  .option("--resume", "of the class: carry on with what --out holds")
  .option("--jobs <n>", "of the class: submissions at a time at most")
  .addOption(labs())
  .action((names, options) =>
    run(async () =>
      options.submissions
        ? (await import("./checkers/commands/grade-class.ts")).gradeClassCommand(options, io)
        : (await import("./checkers/commands/grade.ts")).gradeCommand({ names, ...options }, io),
    ),
  );

program
  .command("submit")
  .description("pack what you did in a lab into one file for your instructor; says first what goes in")
  .argument("<lab>", "number or name")
  .option("-o, --output <file>", "where to write it; default: LAB-YOU.tar.gz here")
  .option("-y, --yes", "do not ask; of Secrets the keys only")
  .option("--with-secrets", "pack the values of Secrets too")
  .option("--name <name>", "yours, as your course knows it")
  .option("--email <address>", "yours, as your course knows it")
  .option("--id <id>", "your number, where your course gave you one")
  .addOption(labs())
  .action((lab, options) =>
    run(async () => (await import("./checkers/commands/submit.ts")).submit({ lab, ...options }, io)),
  );

program
  .command("solve")
  .description("put the workbook's own solution in place of yours and show what the checks say; no pass of yours")
  .argument("<lab>", "number or name")
  .option("--variant <name>", "another right way to do it")
  .option("-y, --yes", "do not ask")
  .addOption(labs())
  .action((lab, options) =>
    run(async () => (await import("./checkers/commands/solve.ts")).solve({ lab, ...options }, io)),
  );

program
  .command("goto")
  .description("go on to any lab without having done those before it")
  .argument("<lab>", "number or name")
  .option("--no-open", "do not open the browser")
  .addOption(labs())
  .action((lab, options) =>
    run(async () => (await import("./checkers/commands/goto.ts")).goto({ lab, ...options }, io)),
  );

const exam = program.command("exam").description("sit an exam under the clock, and see what it came to");
const examModule = () => import("./checkers/commands/exam.ts");
const asJson = ["--json", "machine-readable"] as const;
exam
  .command("list")
  .description("the exams there are, and your attempts")
  .option(...asJson)
  .addOption(labs())
  .action((options) => run(async () => (await examModule()).examList(options, io)));
exam
  .command("start")
  .description("begin an exam: a clean state, then the clock; checks say nothing before the end")
  .argument("<name>", "like capstone or practice")
  .option("--seed <n>", "which names, ports and numbers, and which tasks are drawn; default: any, and told")
  .option("--minutes <n>", "more or less time than the exam gives; the report says so")
  .option(...asJson)
  .addOption(labs())
  .action((name, options) => run(async () => (await examModule()).examStart({ name, ...options }, io)));
exam
  .command("status")
  .description("the open exam: time left, tasks, where to work: exit code 1 when there is none")
  .option("--task <key>", "show this task's text")
  .option("--flag <key>", "flag this task to come back to, or take the flag away")
  .option(...asJson)
  .addOption(labs())
  .action((options) => run(async () => (await examModule()).examStatus(options, io)));
exam
  .command("submit")
  .description(
    "hand the open exam in and grade it; grades the last one again where it could not be graded: exit code 0 passed, 1 not, 2 not graded",
  )
  .option("-y, --yes", "do not ask")
  .option(...asJson)
  .addOption(labs())
  .action((options) => run(async () => (await examModule()).examSubmit(options, io)));
exam
  .command("report")
  .description("what an attempt came to: by domain, evidence for every check, what to study")
  .argument("[name]", "of the exam; default: the last one graded")
  .option("--attempt <n>", "an earlier attempt")
  .option("--html <file>", "where to write the report; default: beside the record of the attempt")
  .option("--markdown <file>", "the same in Markdown")
  .option(...asJson)
  .addOption(labs())
  .action((name, options) => run(async () => (await examModule()).examReport({ name, ...options }, io)));
exam
  .command("abandon")
  .description("give the open exam up; it is not graded")
  .option("-y, --yes", "do not ask")
  .option(...asJson)
  .addOption(labs())
  .action((options) => run(async () => (await examModule()).examAbandon(options, io)));

const lab = program.command("lab").description("for authors: make and prove labs");
lab
  .command("new")
  .description("make the folder of a new lab")
  .argument("<slug>", "like 27-my-lab")
  .addOption(labs())
  .action((slug, options) =>
    run(async () => (await import("./checkers/commands/lab.ts")).labNew({ slug, ...options }, io)),
  );
lab
  .command("verify")
  .description("prove labs on the real cluster: start fails, solutions pass, each mutant fails with its code")
  .argument("[labs...]", "numbers or names; all when none is given")
  .addOption(
    new Option("--only <part>", "one part of the proof").choices([
      "static",
      "start",
      "solution",
      "variants",
      "mutants",
      "reset",
    ]),
  )
  .option("--changed", "only labs whose folder, or what they are made of, differs from what was last agreed on in git")
  .option("--json", "machine-readable")
  .addOption(labs())
  .action((names, options) =>
    run(async () => (await import("./checkers/commands/lab.ts")).labVerify({ names, ...options }, io)),
  );

const bundle = program.command("bundle").description("carry everything to a machine with no network");
bundle
  .command("export")
  .description("write everything built or pulled here into one file")
  .argument("<file>", "where to write it")
  .action((file) => run(async () => (await import("./checkers/commands/bundle.ts")).bundleExport(file, io)));
bundle
  .command("import")
  .description("take in such a file; `up` then needs no network")
  .argument("<file>", "the bundle")
  .action((file) => run(async () => (await import("./checkers/commands/bundle.ts")).bundleImport(file, io)));

program
  .command("test")
  .description("the whole proof: format, lint, types, units, every lab on a real cluster, a browser through lab 01")
  .argument("[stages...]", "only these stages")
  .option("--keep", "leave the test cluster running afterwards")
  .action((stages, options) =>
    run(async () => (await import("./checkers/commands/test.ts")).test({ stages, ...options }, io)),
  );

program
  .command("bench")
  .description("measure what people wait for, as ratios where one can; prints the machine's facts too")
  .argument("[parts...]", "only these parts")
  .option("--json", "machine-readable")
  .action((parts, options) =>
    run(async () => (await import("./checkers/commands/bench.ts")).bench({ parts, ...options }, io)),
  );

if (process.argv.length <= 2) program.help();
try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own words: help and version end with 0, a misspelt command or option with 2.
  const code = (error as { exitCode?: number }).exitCode;
  process.exitCode = code === 0 ? 0 : 2;
  if (code === undefined) process.exitCode = io.report(error);
}
