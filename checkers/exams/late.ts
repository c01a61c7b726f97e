import type { Transport } from "../kube/transport.ts";

/** What a candidate works with: collections of a namespace. */
const collections = [
  "/api/v1/namespaces/NS/pods",
  "/api/v1/namespaces/NS/services",
  "/api/v1/namespaces/NS/configmaps",
  "/api/v1/namespaces/NS/secrets",
  "/api/v1/namespaces/NS/resourcequotas",
  "/api/v1/namespaces/NS/limitranges",
  "/apis/apps/v1/namespaces/NS/deployments",
  "/apis/apps/v1/namespaces/NS/statefulsets",
  "/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers",
  "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
];

interface Item {
  metadata: { name: string; managedFields?: { manager?: string; time?: string; operation?: string }[] };
}
interface List {
  kind: string;
  items: Item[];
}

/**
 * Objects that kubectl wrote after this moment (ms since 1970), by the API server's own book of who wrote what. What the cluster does by itself,
 * and what a grading disturbs, is no change of the candidate's. What was deleted leaves no trace here.
 */
export async function lateChanges(
  transport: Transport,
  namespaces: readonly string[],
  since: number,
  signal: AbortSignal,
): Promise<string[]> {
  const found = await Promise.all(
    namespaces.flatMap((namespace) =>
      collections.map(async (path) => {
        const list = await transport.json<List>(path.replace("NS", namespace), { signal });
        const kind = list.kind.replace(/List$/, "").toLowerCase();
        return list.items.flatMap(({ metadata }) => {
          // The API server's times are whole seconds.
          const times = (metadata.managedFields ?? [])
            .filter(({ manager, time }) => manager?.startsWith("kubectl") && Date.parse(time ?? "") > since + 1_000)
            .map(({ time }) => time as string);
          return times.length > 0 ? [`${kind}/${metadata.name} in ${namespace}, at ${times.sort().at(-1)}`] : [];
        });
      }),
    ),
  );
  return found.flat().sort();
}
