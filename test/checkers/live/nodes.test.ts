import { describe, expect, it } from "vitest";
import { exec } from "../../../checkers/probes/exec.ts";
import { ground } from "./ground.ts";

const { transport } = await ground();
const signal = AbortSignal.timeout(60_000);

interface Listed {
  nftables: {
    map?: { elem?: [key: { concat: unknown[] } | { elem: { val: { concat: unknown[] } } }, verdict: unknown][] };
  }[];
}

/** Entries of one of kube-proxy's maps, as its own nft lists them. */
async function entries(pod: string, map: string): Promise<unknown[][]> {
  const command = ["nft", "--json", "list", "map", "ip", "kube-proxy", map];
  const { stdout } = await exec(transport, { namespace: "kube-system", pod }, command, signal);
  const { nftables } = JSON.parse(stdout) as Listed;
  return nftables
    .flatMap(({ map: one }) => one?.elem ?? [])
    .map(([key]) => ("elem" in key ? key.elem.val : key).concat);
}

describe("kube-proxy", () => {
  it("reads back what it wrote: a protocol listed as a number is an entry it would delete within the hour", async () => {
    const { items } = await transport.json<{ items: { metadata: { name: string } }[] }>(
      "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-proxy",
    );
    expect(items).not.toEqual([]);
    for (const { metadata } of items) {
      const services = await entries(metadata.name, "service-ips");
      expect(services).toContainEqual(["10.96.0.1", "tcp", 443]);
      expect(services).toContainEqual(["10.96.0.10", "udp", 53]);
      expect(services.filter(([, protocol]) => typeof protocol === "number")).toEqual([]);
    }
  });
});
