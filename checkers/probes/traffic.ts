import type { Target, TrafficSample } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { exec } from "./exec.ts";
import { fromInside, word } from "./inside.ts";
import { outsideTraffic } from "./outside.ts";
import { bodyLimit, Tally } from "./tally.ts";
import { addressOf, type NodePorts, requestOf } from "./target.ts";

/** Requests in one sample, at most. */
const trafficLimit = 2_000;
const parallel = 16;
/** Seconds for one request, and for the connection. */
const requestLimit = 5;
const connectLimit = 2;
const separator = "\u001f";

/**
 * n requests, each on a connection of its own, because kube-proxy chooses a pod per connection, at random and independently: to a
 * Service from inside the cluster, to a NodePort from this machine. So with r ready replicas the chance that one particular replica
 * serves none of n requests is (1 - 1/r)^n, and that any is missed at most r times that:
 *   r = 2: n = 20 misses one in 500,000 samples, n = 40 in 5.5e11 (2 · 2^-40);   r = 4: n = 40 in 25,000, n = 80 in 2.5e9.
 * A share p of traffic measured with n requests has a standard error of sqrt(p(1-p)/n): 10 % with n = 400 is 10 ± 3 % (95 %); see
 * wilson(), and share.ts for deciding what a share is.
 * A new connection for each is verified, not assumed: a reused one is an error. n is capped at 2,000.
 */
export async function traffic(
  transport: Transport,
  target: Target & { n: number },
  where: { namespace: string; nodePorts: NodePorts },
  signal: AbortSignal,
): Promise<TrafficSample> {
  const n = Math.min(Math.max(Math.trunc(target.n), 1), trafficLimit);
  const { url, from } = await addressOf(transport, target, where.namespace, where.nodePorts);
  const request = requestOf(target);
  if (from === "here") return outsideTraffic({ url, ...request, timeout: requestLimit * 1_000 }, n, parallel, signal);
  const script = scriptFor(url, request, n);
  const { code, stdout, stderr } = await fromInside(transport, signal, (probe) =>
    exec(transport, probe, ["sh", "-c", script], signal),
  );
  return sampleOf(stdout, n, code, stderr);
}

function scriptFor(url: string, request: ReturnType<typeof requestOf>, n: number): string {
  const format = ["%{http_code}", "%{num_connects}", "%header{x-served-by}", "%header{x-version}", "%{errormsg}"].join(
    separator,
  );
  const most = Math.ceil(n / parallel) * requestLimit + 10;
  const { method, headers, body } = request;
  const more = [
    `--request ${method}`,
    ...Object.entries(headers).map(([name, value]) => `--header ${word(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${word(body)}`]),
  ].join(" ");
  // One curl for all n is ten times cheaper than n curls; "Connection: close" makes each transfer open its own connection.
  return [
    "body=$(mktemp) || exit 9",
    `trap 'rm -f "$body"' EXIT`,
    `{ printf 'url = "%s"\\noutput = "%s"\\n' ${word(url)} "$body"`,
    `  i=1; while [ $i -lt ${n} ]; do printf 'url = "%s"\\noutput = "/dev/null"\\n' ${word(url)}; i=$((i+1)); done`,
    `} | timeout ${most} curl --globoff --silent --parallel --parallel-immediate --parallel-max ${parallel}` +
      ` --header 'Connection: close' ${more} --max-time ${requestLimit} --connect-timeout ${connectLimit}` +
      ` --write-out ${word(`${format}\\n`)} --config - | sed 's/ after [0-9]* ms//' | sort | uniq -c`,
    `printf '%s\\n' body`,
    `head -c ${bodyLimit * 4} "$body"`,
  ].join("\n");
}

/** Reads what the script above prints: a count with each kind of answer, then "body" and the first body. */
export function sampleOf(stdout: string, n: number, code: number, stderr: string): TrafficSample {
  const at = stdout.search(/^body$/m);
  const lines = (at < 0 ? stdout : stdout.slice(0, at)).split("\n").filter((line) => line.includes(separator));
  if (lines.length === 0)
    throw new LookError(`No request could be sent from inside the cluster: ${stderr.trim() || `code ${code}`}.`);
  const tally = new Tally(n);
  for (const line of lines) {
    const [, times = "1", rest = ""] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    const [status = "000", connects = "1", pod, version, error] = rest.split(separator);
    if (status !== "000" && connects === "0")
      throw new LookError("A connection was reused while measuring, so the shares would mean nothing.");
    tally.add(status === "000" ? { error } : { status, pod, version }, Number(times));
  }
  return tally.end(at < 0 ? "" : stdout.slice(at + "body\n".length));
}
