/** Where requests come in: the route, and what it says of itself. */
import type { V1ObjectMeta } from "@kubernetes/client-node";
import { changedAt } from "../../../checkers/core/behind.ts";
import type { Probes, Target, TrafficSample } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import type { Cluster, Kind } from "../../../checkers/core/port.ts";
import type { Evidence } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
}
interface HTTPRoute {
  metadata: V1ObjectMeta & { name: string };
  spec?: {
    parentRefs?: { name: string; namespace?: string }[];
    hostnames?: string[];
    rules?: { backendRefs?: { name: string; port?: number; weight?: number }[] }[];
  };
  status?: { parents?: { conditions?: Condition[] }[] };
}
/** The Gateway API's kinds have no types in the client library. */
const httpRoute: Kind<HTTPRoute> = {
  group: "gateway.networking.k8s.io",
  version: "v1",
  plural: "httproutes",
  kind: "HTTPRoute",
  namespaced: true,
};

export interface Entry {
  route: HTTPRoute;
  target: Target;
  /** Backends as "ml-inference-stable 90, ml-inference-canary 10". */
  shown: string;
  /** Why the gateway does not follow the route as it is written, or undefined where it does. */
  refused?: Evidence;
}

/** Milliseconds a change may take to reach the proxy. */
const settling = 2_000;

/**
 * The route that leads users to the model: the one with the lab's host; in a namespace of another name (a submission looked at elsewhere) the
 * first one there is. The learner may change or replace it: what counts is the host. Undefined where there is none.
 */
export async function entryOf(cluster: Cluster, f: Facts): Promise<Entry | undefined> {
  const routes = (await cluster.list(httpRoute)).filter(({ spec }) =>
    spec?.parentRefs?.some(({ name }) => name === f.gateway),
  );
  const route = routes.find(({ spec }) => spec?.hostnames?.includes(f.host)) ?? routes[0];
  if (!route) return undefined;
  const host = route.spec?.hostnames?.includes(f.host) ? f.host : (route.spec?.hostnames?.[0] ?? f.host);
  const backends = (route.spec?.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs);
  const bad = (route.status?.parents ?? [])
    .flatMap(({ conditions = [] }) => conditions)
    .find((one) => ["Accepted", "ResolvedRefs"].includes(one.type) && one.status === "False");
  return {
    route,
    target: {
      service: f.gatewayService,
      namespace: f.gatewayNamespace,
      port: 80,
      path: "/predict",
      headers: { Host: host },
    },
    shown: backends.map(({ name, weight }) => `${name} ${weight ?? 1}`).join(", ") || "none",
    ...(bad && {
      refused: {
        object: `httproute/${route.metadata.name}`,
        path: `status.parents[].conditions[${bad.type}]`,
        expected: "True",
        actual: `False, ${bad.reason}: ${bad.message}`,
        command: `kubectl describe httproute ${route.metadata.name}`,
      },
    }),
  };
}

/** What the gateway has yet to take in, or undefined. `now`: milliseconds since 1970. */
export function onItsWay({ route }: Entry, now: number): string | undefined {
  const { generation = 0 } = route.metadata;
  const seen = (route.status?.parents ?? []).flatMap(({ conditions = [] }) => conditions);
  if (!seen.some(({ observedGeneration = 0 }) => observedGeneration >= generation))
    return "the gateway has not yet taken in your last change of the route";
  return now - changedAt(route) < settling ? "the route has changed a moment ago" : undefined;
}

/** What there is to say where no route leads to the model. */
export const noRoute = (f: Facts): Evidence => ({
  object: `httproute/${f.route}`,
  expected: `a route of Gateway ${f.gateway} with the host ${f.host}`,
  actual: "there is none",
  command: "kubectl get httproutes",
});

/**
 * n requests the way users come. The gateway is the workbook's own: where it does not answer in time at all, that is nobody's mistake, and LookError is
 * thrown. Whatever ails the route or what is behind it, traefik answers with a status: 404, 500, 502 or 503.
 */
export async function asUsers(
  { traffic }: Pick<Probes, "traffic">,
  { target }: Entry,
  n: number,
): Promise<TrafficSample> {
  const sample = await traffic({ ...target, n });
  const silent = sample.statuses["0"] ?? 0;
  if (silent === 0) return sample;
  throw new LookError(
    `${silent} of ${sample.sent} requests got no answer from the gateway in time (${sample.firstError ?? "no reason given"}).`,
    "The machine is too busy, or the gateway (the workbook's own, in the namespace workbook-gateway) is not up. Look again in a moment.",
  );
}
