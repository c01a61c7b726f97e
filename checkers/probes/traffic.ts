import type { TrafficSample } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import { NotFound } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { exec } from "./exec.ts";
import { toolbox } from "./toolbox.ts";

export interface TrafficTarget {
  service: string;
  namespace: string;
  port: number;
  path?: string;
  n: number;
}

/** Requests in one sample, at most. */
const trafficLimit = 1_000;
const parallel = 16;
/** Seconds for one request, and for the connection. */
const requestLimit = 5;
const connectLimit = 2;
/** Characters of the first body that are kept. */
const bodyLimit = 2_000;
const separator = "\u001f";

/**
 * n GETs from inside the cluster to a Service's DNS name, each on a connection of its own, because kube-proxy chooses a pod per
 * connection, at random and independently. So with r ready replicas the chance that one particular replica serves none of n
 * requests is (1 - 1/r)^n, and that any is missed at most r times that:
 *   r = 2: n = 20 misses one in 500,000 samples, n = 40 in 5.5e11 (2 · 2^-40);   r = 4: n = 40 in 25,000, n = 80 in 2.5e9.
 * A share p of traffic measured with n requests has a standard error of sqrt(p(1-p)/n): 10 % with n = 400 is 10 ± 3 % (95 %); see wilson().
 * A new connection for each is verified, not assumed: a reused one is an error. n is capped at 1,000.
 */
export async function traffic(
  transport: Transport,
  target: TrafficTarget,
  signal: AbortSignal,
): Promise<TrafficSample> {
  const n = Math.min(Math.max(Math.trunc(target.n), 1), trafficLimit);
  const script = scriptFor({ ...target, n });
  for (let again = false; ; again = true) {
    const probe = await toolbox(transport, signal);
    try {
      const { code, stdout, stderr } = await exec(transport, probe, ["sh", "-c", script], signal);
      return sampleOf(stdout, n, code, stderr);
    } catch (error) {
      // The pod can vanish between the look and the exec (a drained node): one more try finds or makes another.
      if (again || !(error instanceof NotFound)) throw error;
    }
  }
}

const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function scriptFor({ service, namespace, port, path = "/", n }: TrafficTarget): string {
  const url = `http://${service}.${namespace}.svc.cluster.local:${port}/${path.replace(/^\//, "")}`;
  if (!/^[\x21-\x7e]+$/.test(url) || url.includes('"') || url.includes("\\")) {
    throw new LookError(`${JSON.stringify(url)} is not an address that can be asked.`);
  }
  const format = ["%{http_code}", "%{num_connects}", "%header{x-served-by}", "%header{x-version}", "%{errormsg}"].join(
    separator,
  );
  const most = Math.ceil(n / parallel) * requestLimit + 10;
  // One curl for all n is ten times cheaper than n curls; "Connection: close" makes each transfer open its own connection.
  return [
    "body=$(mktemp) || exit 9",
    `trap 'rm -f "$body"' EXIT`,
    `{ printf 'url = "%s"\\noutput = "%s"\\n' ${word(url)} "$body"`,
    `  i=1; while [ $i -lt ${n} ]; do printf 'url = "%s"\\noutput = "/dev/null"\\n' ${word(url)}; i=$((i+1)); done`,
    `} | timeout ${most} curl --globoff --silent --parallel --parallel-immediate --parallel-max ${parallel}` +
      ` --header 'Connection: close' --max-time ${requestLimit} --connect-timeout ${connectLimit}` +
      ` --write-out ${word(`${format}\\n`)} --config - | sed 's/ after [0-9]* ms//' | sort | uniq -c`,
    `printf '%s\\n' body`,
    `head -c ${bodyLimit * 4} "$body"`,
  ].join("\n");
}

/** Reads what the script above prints: a count with each kind of answer, then "body" and the first body. */
export function sampleOf(stdout: string, n: number, code: number, stderr: string): TrafficSample {
  const at = stdout.search(/^body$/m);
  const lines = (at < 0 ? stdout : stdout.slice(0, at)).split("\n").filter((line) => line.includes(separator));
  const body = at < 0 ? "" : stdout.slice(at + "body\n".length).slice(0, bodyLimit);
  if (lines.length === 0)
    throw new LookError(`No request could be sent from inside the cluster: ${stderr.trim() || `code ${code}`}.`);
  const sample: TrafficSample = { sent: n, statuses: {}, pods: {}, versions: {} };
  let answered = 0;
  for (const line of lines) {
    const [, times = "1", rest = ""] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    const [status = "000", connects = "1", pod, version, message] = rest.split(separator);
    const count = (into: Record<string, number>, key: string): void => {
      into[key] = (into[key] ?? 0) + Number(times);
    };
    answered += Number(times);
    if (status === "000") {
      count(sample.statuses, "0");
      sample.firstError ??= message || "no answer";
      continue;
    }
    if (connects === "0")
      throw new LookError("A connection was reused while measuring, so the shares would mean nothing.");
    count(sample.statuses, status);
    count(sample.pods, pod || "unknown");
    count(sample.versions, version || "unknown");
  }
  if (answered < n) {
    sample.statuses["0"] = (sample.statuses["0"] ?? 0) + n - answered;
    sample.firstError ??= "out of time";
  }
  if (body !== "") sample.body = body;
  return sample;
}
