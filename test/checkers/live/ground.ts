import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { systemClock } from "../../../checkers/clock.ts";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import type { Probes } from "../../../checkers/core/check.ts";
import { poll } from "../../../checkers/core/poll.ts";
import { deleteNamespace, type EnterOptions } from "../../../checkers/enter.ts";
import { Transport } from "../../../checkers/kube/transport.ts";
import { type LoadedLab, loadLabAt } from "../../../checkers/labs.ts";

/** The kubeconfig of the cluster these tests run on. Throws where there is none: they are not skipped. */
function testKubeconfig(): string {
  const path = process.env.WORKBOOK_TEST_KUBECONFIG;
  if (path && existsSync(path)) return path;
  throw new Error(
    "These tests need a real cluster. Set WORKBOOK_TEST_KUBECONFIG to its kubeconfig (after ./workbook up: kube/admin.yaml in the state folder), or run ./workbook test live.",
  );
}

/** The pinned kubectl, or the one on PATH. */
const kubectl = process.env.WORKBOOK_TEST_BIN ? join(process.env.WORKBOOK_TEST_BIN, "kubectl") : "kubectl";

/** A connection and namespaces of this file's own, gone after its tests. */
export async function ground() {
  const kubeconfig = testKubeconfig();
  const transport = await Transport.open({ kubeconfig });
  const home = mkdtempSync(join(tmpdir(), "workbook-live-"));
  const namespaces: string[] = [];
  const name = (): string => {
    const namespace = `test-${randomBytes(4).toString("hex")}`;
    namespaces.push(namespace);
    return namespace;
  };
  afterAll(async () => {
    await Promise.all(namespaces.map((namespace) => deleteNamespace(transport, namespace)));
    transport.close();
    rmSync(home, { recursive: true, force: true });
  });
  return {
    kubeconfig,
    kubectl,
    transport,
    home,
    name,
    async namespace(): Promise<string> {
      const namespace = name();
      await transport.json("/api/v1/namespaces", { method: "POST", body: { metadata: { name: namespace } } });
      await until(() =>
        transport.json(`/api/v1/namespaces/${namespace}/serviceaccounts/default`).then(Boolean, () => false),
      );
      return namespace;
    },
    create: (namespace: string, plural: string, body: object, root = "/api/v1") =>
      transport.json(`${root}/namespaces/${namespace}/${plural}`, { method: "POST", body }),
    /** A small lab of a folder of its own, and how to enter it. */
    async lab(): Promise<{ lab: LoadedLab; options: EnterOptions }> {
      const dir = scaffold("27-my-lab", mkdtempSync(join(home, "labs-")));
      const lab = await loadLabAt(dir, "27-my-lab");
      const own = mkdtempSync(join(home, "home-"));
      return {
        lab,
        options: {
          lab,
          kubeconfig,
          kubectl,
          namespace: name(),
          paths: { labs: join(own, "labs"), kube: join(own, "kube") },
        },
      };
    },
  };
}

/** Waits for something to become true; fails when it doesn't within so many milliseconds, in the words of `named`. */
export async function until(
  what: () => boolean | Promise<boolean>,
  within = 30_000,
  named = what.toString(),
): Promise<void> {
  const { done } = await poll(async () => what(), {
    clock: systemClock,
    within,
    done: Boolean,
    pauses: [10, 20, 50, 100],
  });
  if (!done) throw new Error(`It did not come true within ${within / 1000} s: ${named}`);
}

/** Waits until a Service's requests get to so many pods: of one that has just become ready not every node may know yet. */
export const reaches = ({ traffic }: Pick<Probes, "traffic">, service: string, pods: number): Promise<void> =>
  // One of two stays unseen in 20 once in half a million times.
  until(async () => Object.keys((await traffic({ service, port: 80, n: 20 })).pods).length === pods);
