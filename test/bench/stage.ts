import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deleteNamespace, manifests } from "../../checkers/enter.ts";
import { loadConnection } from "../../checkers/kube/config.ts";
import { Transport } from "../../checkers/kube/transport.ts";
import { apply } from "../../checkers/kubectl.ts";
import { currentCluster } from "../../cluster/current.ts";
import { paths } from "../../cluster/paths.ts";
import { type Course, login, PageSocket, startCourse } from "./course.ts";
import { type Bench, pause } from "./part.ts";

export const slug = "02-deploy-ml-inference";
const user = "workbook-bench";

/** Lab 02, entered and solved in a namespace of its own, on the learner's cluster. */
export interface Stage {
  namespace: string;
  course: Course;
  /** Cookie header of a browser that opened the course. */
  cookie: string;
  /** A page that shows the lab. */
  page: PageSocket;
  transport: Transport;
  /** The environment of commands that belong to this course. */
  env: NodeJS.ProcessEnv;
  kubeconfig: string;
  /** Folder of the pinned kubectl. */
  bin: string;
}

interface Deployment {
  status?: { readyReplicas?: number };
}

/** The kubeconfig of the cluster the last `up` ended with. Throws when there is none. */
export function adminKubeconfig(): string {
  const current = currentCluster();
  if (!current) throw new Error("There is no cluster to measure with. Bring it up first: ./workbook up");
  return current.kubeconfig;
}

/**
 * Sets the stage. The course runs against the cluster as a shared one, as user "workbook-bench": its namespaces carry that name,
 * so that the learner's own work in lab 02 is never touched. The namespace is deleted at the end.
 */
export async function setStage(bench: Bench): Promise<Stage> {
  const { signal } = bench;
  const admin = adminKubeconfig();
  const { context } = await loadConnection({ kubeconfig: admin });
  const { bin } = paths();
  const home = join(bench.scratch, "stage");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    USER: user,
    WORKBOOK_HOME: home,
    // What --context does to the folder of tools stays out of the learner's.
    XDG_CACHE_HOME: join(home, "cache"),
    KUBECONFIG: admin,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
  };
  bench.says(`lab 02 is entered and solved in a namespace of its own (context ${context})`);
  const course = await startCourse({ env, args: ["--context", context], signal });
  bench.after(() => course.stop());
  const { url = "" } = await course.event("open", 180_000);
  await course.event("up", 60_000);
  const cookie = await login(url);
  const page = await PageSocket.open(course.url, cookie, signal);
  bench.after(() => page.close());
  const namespace = `${user}-lab-02`;
  const transport = await Transport.open({ kubeconfig: admin });
  bench.after(async () => {
    bench.says(`deleting the namespace ${namespace}`);
    await deleteNamespace(transport, namespace, AbortSignal.timeout(120_000));
    transport.close();
  });
  const ready = page.next(
    "lab 02 ready",
    (message) => message.type === "lab" && message.lab === slug && message.state === "ready",
    60_000,
    signal,
  );
  page.send({ type: "enter", lab: slug });
  await ready;
  const solution = fileURLToPath(new URL(`../../labs/${slug}/solution`, import.meta.url));
  await apply(manifests(solution), { kubectl: join(bin, "kubectl"), kubeconfig: admin, namespace, signal });
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/ml-inference`;
  for (let look = 0; ; look++) {
    const { status } = await transport.json<Deployment>(path, { signal });
    if (status?.readyReplicas === 2) break;
    if (look > 180) throw new Error("the replicas of lab 02 did not become ready within 90 s");
    await pause(500, signal);
  }
  return { namespace, course, cookie, page, transport, env, kubeconfig: admin, bin };
}
