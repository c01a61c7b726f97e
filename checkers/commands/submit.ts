import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { paths } from "../../cluster/paths.ts";
import { Store } from "../../site/server/store.ts";
import { makeLearner } from "../probes/learner.ts";
import { collect } from "../submissions/collect.ts";
import { packFolder } from "../submissions/folder.ts";
import { type KubeObject, nameOf } from "../submissions/normalize.ts";
import { writeSubmission } from "../submissions/pack.ts";
import { recordOf } from "../submissions/record.ts";
import { caps, type Submission } from "../submissions/schema.ts";
import { confirm } from "./confirm.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, UserError } from "./io.ts";
import { type LabArgs, labPlace } from "./lab-place.ts";
import { points } from "./render.ts";

export interface SubmitArgs extends LabArgs {
  output?: string;
  yes?: boolean;
  name?: string;
  email?: string;
  id?: string;
  withSecrets?: boolean;
}

const remembered = "identity";
const email = /^[^\s@]+@[^\s@]+$/;

/** Packs what the learner did in a lab into one file for the instructor. 0 written, 2 not. */
export async function submit(args: SubmitArgs, io: Io): Promise<number> {
  const place = await labPlace(args);
  const store = new Store(paths().db);
  try {
    return await interruptible(async (signal) => {
      const { lab, namespace, transport, folder, kubeconfig } = place;
      const identity = await identityOf(args, store, io);
      const { seed } = lab;
      const { requires, sandbox } = lab.definition;
      const beyond = requires?.clusterAdmin ? (sandbox?.kinds ?? []) : [];
      const facts = lab.facts(namespace, seed);
      const { objects, left, podSecurity } = await collect(transport, namespace, facts, signal, beyond);
      const packed = packFolder(folder);
      const record = recordOf(store, lab, namespace);
      const terminal = await makeLearner({ kubeconfig, folder })
        .currentNamespace()
        .catch(() => namespace);
      const { gitVersion } = await transport.json<{ gitVersion: string }>("/version", { signal });
      list({ identity, objects, packed, record, left }, io);
      const secrets = await secretsOf(objects, args, io);
      const file = resolve(args.output ?? `${lab.slug}-${slugOf(identity)}.tar.gz`);
      if (!args.yes && !(await confirm(`Write ${file}?`, io))) {
        io.out("Nothing was written.");
        return 2;
      }
      const next = `${file}.${process.pid}`;
      try {
        await writeSubmission(next, {
          ...{ lab, seed, namespace, terminal, identity, objects, podSecurity, secrets, record },
          folder: packed.files,
          tools: { workbook: version(), node: process.version, kubernetes: gitVersion },
          madeAt: new Date().toISOString(),
        });
        if (statSync(next).size > caps.file) {
          throw new UserError(`The file would be bigger than ${caps.file / 1024 / 1024} MiB.`, {
            kept: "Nothing was written.",
            todo: `Move what does not belong to your answer out of ${folder}.`,
          });
        }
        signal.throwIfAborted();
        renameSync(next, file);
      } finally {
        rmSync(next, { force: true });
      }
      store.setMeta(remembered, JSON.stringify(identity));
      io.out(`✓ ${file} (${Math.ceil(statSync(file).size / 1024)} KiB)`);
      io.out(
        "Hand it in as your instructor asks. What your machine says about the score is in it, for comparison only.",
      );
      return 0;
    });
  } finally {
    store.close();
    place.transport.close();
  }
}

/** The course's own version: the package's, and the commit where it is a checkout. */
function version(): string {
  const root = new URL("../../", import.meta.url).pathname;
  const { version: number } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  if (!existsSync(join(root, ".git"))) return number;
  try {
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return `${number}+${commit.trim()}`;
  } catch {
    return number;
  }
}

const slugOf = ({ id, email: address }: Submission["identity"]): string =>
  (id ?? address.split("@")[0] ?? "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "") || "learner";

/** Who hands in: as told now, else as told the last time, else asked for. */
async function identityOf(args: SubmitArgs, store: Store, io: Io): Promise<Submission["identity"]> {
  const last = JSON.parse(store.meta(remembered) ?? "{}") as Partial<Submission["identity"]>;
  const ask = async (what: string, given: string | undefined): Promise<string> => {
    if (given?.trim()) return given.trim();
    if (!io.tty || !process.stdin.isTTY || args.yes) {
      throw new UserError("It is not known who hands in.", {
        kept: "Nothing was written.",
        todo: 'Name yourself: --name "Ada Lovelace" --email ada@example.org',
      });
    }
    const { text, isCancel } = await import("@clack/prompts");
    const answer = await text({
      message: what,
      validate: (value) => (value?.trim() ? undefined : "Please fill it in."),
    });
    if (isCancel(answer)) throw new UserError("Stopped.", { kept: "Nothing was written." });
    return answer.trim();
  };
  const name = await ask("Your name, as your course knows it", args.name ?? last.name);
  const address = await ask("Your e-mail address, as your course knows it", args.email ?? last.email);
  if (!email.test(address)) {
    throw new UserError(`${JSON.stringify(address)} is no e-mail address.`, {
      kept: "Nothing was written.",
      todo: "Give it with --email.",
    });
  }
  const id = args.id?.trim() || last.id;
  return { name, email: address, ...(id && { id }) };
}

function list(
  it: {
    identity: Submission["identity"];
    objects: readonly KubeObject[];
    packed: { files: ReadonlyMap<string, Buffer>; left: readonly string[] };
    record: {
      verdicts: readonly unknown[];
      quiz: readonly unknown[];
      predictions: readonly unknown[];
      hints: readonly unknown[];
      score: { earned: number; points: number };
    };
    left: readonly string[];
  },
  io: Io,
): void {
  const { identity, objects, packed, record } = it;
  io.out(`This goes in, of ${identity.name} <${identity.email}>${identity.id ? ` (${identity.id})` : ""}:`);
  io.out(`  ${objects.length} objects, without status: ${objects.map(nameOf).join(", ") || "none"}`);
  io.out(`  ${packed.files.size} files of the working folder: ${[...packed.files.keys()].join(", ") || "none"}`);
  // An exam is judged after it was handed in: nothing was scored here.
  const score =
    record.verdicts.length > 0 ? `, the score here (${record.score.earned} of ${points(record.score.points)})` : "";
  io.out(
    `  the record: ${record.verdicts.length} verdicts, ${record.quiz.length} quiz answers, ${record.predictions.length} predictions, ${record.hints.length} hints${score}`,
  );
  for (const what of [...it.left, ...packed.left]) io.out(`  left out: ${what}`);
}

/** Values of Secrets never go in unasked. */
async function secretsOf(objects: readonly KubeObject[], args: SubmitArgs, io: Io): Promise<Submission["secrets"]> {
  const secrets = objects.filter(
    ({ kind, data }) => kind === "Secret" && Object.keys((data as object) ?? {}).length > 0,
  );
  if (secrets.length === 0) return "keys";
  const told = secrets.map((one) => `${nameOf(one)} (${Object.keys(one.data as object).join(", ")})`).join("; ");
  if (args.withSecrets) {
    io.out(`  with the VALUES of ${told}`);
    return "values";
  }
  if (args.yes || !io.tty || !process.stdin.isTTY) {
    io.out(`  of Secrets the keys only: ${told}; --with-secrets packs their values`);
    return "keys";
  }
  const { confirm: ask, isCancel } = await import("@clack/prompts");
  const answer = await ask({
    message: `Pack the values of ${told}? Who has the file can read them.`,
    initialValue: false,
  });
  if (isCancel(answer)) throw new UserError("Stopped.", { kept: "Nothing was written." });
  return answer ? "values" : "keys";
}
