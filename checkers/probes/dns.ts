import { LookError } from "../core/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { inside } from "./inside.ts";
import { systemNamespace } from "./toolbox.ts";

export interface DnsAnswer {
  addresses: string[];
  /** The name the addresses belong to, in full and without the last dot; after an ExternalName or CNAME, where that leads. */
  canonical?: string;
  /** What dig said about the name that was answered, or about the last one tried: records, or "NXDOMAIN". */
  answer: string;
}

/** "redis", "redis.lab-02", "redis.lab-02.svc.cluster.local.": what may be asked for. Underscores: SRV-like names. */
const asked = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
/** As the kubelet writes it into every pod's resolv.conf. */
const ndots = 5;

const script = `
name=$1 own=$2 dots=$3
domains=$(sed -n 's/^search //p' /etc/resolv.conf)
try() {
  answer=$(dig +tries=2 +time=2 +noall +comments +answer "$1" A "$1" AAAA) || { printf '%s\\n' "$answer"; exit 9; }
  case "$answer" in *[[:space:]]IN[[:space:]]*) printf '%s\\n' "$answer"; exit 0;; esac
}
searched() { for domain in $domains; do
  case "$domain" in ${systemNamespace}.*) domain=$own.\${domain#${systemNamespace}.};; esac
  try "$name.$domain."
done; }
case "$name" in
  *.) try "$name";;
  *) if [ "$dots" -ge ${ndots} ]; then try "$name."; searched; else searched; try "$name."; fi;;
esac
printf '%s\\n' "$answer"`;

/**
 * Asks the cluster's DNS for a name the way a pod of this namespace would: with the search path the kubelet writes into its resolv.conf
 * (the namespace's own domain first, then svc.cluster.local, cluster.local and the node's) and ndots 5. It is asked from the workbook's
 * own pod with that search path, because images often have no tool for it; so a pod whose dnsPolicy or dnsConfig differs, or whose
 * NetworkPolicy keeps it from the DNS, may see something else: exec into it for that.
 */
export async function dns(
  transport: Transport,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  if (!asked.test(name) || name.length > 253) throw new LookError(`${JSON.stringify(name)} is not a name DNS knows.`);
  const dots = String(name.split(".").length - 1);
  const { code, stdout, stderr } = await inside(transport, ["sh", "-c", script, "sh", name, namespace, dots], signal);
  if (code !== 0) throw new LookError(`The cluster's DNS did not answer: ${(stderr || stdout).trim().slice(0, 300)}.`);
  return answerOf(stdout);
}

/** Reads what dig prints: "name. 30 IN A 10.96.0.10" in any number, comments before. */
export function answerOf(text: string): DnsAnswer {
  const records = text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[2] === "IN" && words.length >= 5);
  const bare = (full: string | undefined): string => (full ?? "").replace(/\.$/, "");
  const address = records.filter(([, , , type]) => type === "A" || type === "AAAA");
  const alias = records.findLast(([, , , type]) => type === "CNAME");
  const canonical = address[0] ? bare(address[0][0]) : bare(alias?.[4]);
  const status = /status: (\w+)/.exec(text)?.[1] ?? "no answer";
  return {
    addresses: [...new Set(address.map((words) => words[4] as string))],
    ...(canonical && { canonical }),
    answer: records.length > 0 ? records.map((words) => words.join(" ")).join("\n") : status,
  };
}
