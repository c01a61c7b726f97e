import type { Scene } from "../../../checkers/core/check.ts";
import type { FoundDashboard, ReadDashboard } from "../../../checkers/core/metrics.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Evidence } from "../../../checkers/core/verdict.ts";
import { readDashboard } from "../../../checkers/probes/dashboard.ts";
import type { Facts } from "../facts.ts";

export type Unreadable = "no-dashboard" | "not-json" | "not-a-dashboard";
export type Readable = FoundDashboard & { dashboard: ReadDashboard };

/**
 * The learner's dashboards that can be read, wherever they lie; or why there is none. One that can be read is enough: a broken file beside it
 * is no mistake of the dashboard. At most three are looked at.
 */
export async function dashboardsOf(
  scene: Scene,
  lab: Facts,
  end: number,
): Promise<{ ok: true; all: Readable[] } | { ok: false; code: Unreadable; evidence: Evidence }> {
  // So that a changed ConfigMap is noticed: what finds dashboards reads past the cache.
  await scene.cluster.list(kinds.ConfigMap);
  const found = (await scene.probes.dashboards({ learner: scene.learner })).slice(0, 3);
  const expected = "a Grafana dashboard with queries";
  if (found.length === 0) {
    return {
      ok: false,
      code: "no-dashboard",
      evidence: {
        object: `file ${lab.dashboard}`,
        expected,
        actual: "neither this file in your folder nor a ConfigMap with a dashboard in it",
        command: "ls -l",
      },
    };
  }
  const all: Readable[] = [];
  let problem: { ok: false; code: Unreadable; evidence: Evidence } | undefined;
  for (const one of found) {
    const read = await readDashboard(one.text, scene.probes.prometheus(), end);
    if (read.ok) all.push({ ...one, dashboard: read.dashboard });
    else
      problem ??= {
        ok: false,
        code: read.problem === "not-json" ? "not-json" : "not-a-dashboard",
        evidence: {
          object: one.where,
          expected: read.problem === "not-json" ? "JSON" : expected,
          actual: read.says,
          ...(one.where.startsWith("file ") && {
            command: `kubectl exec -i ${lab.client} -- jq . <${one.where.slice(5)}`,
          }),
        },
      };
  }
  if (all.length > 0) return { ok: true, all };
  return problem as NonNullable<typeof problem>;
}
