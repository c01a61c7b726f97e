import { randomBytes } from "node:crypto";
import { LookError } from "../core/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { exec } from "./exec.ts";
import type { Ended } from "./flow.ts";
import { fromInside, word } from "./inside.ts";
import type { Generator, LoadRequest } from "./load.ts";

/** Begins each line of ours, so that k6's own words are told apart. */
const mark = "@";
/** Seconds that k6 gets to start its virtual users and to end, beyond the load itself. */
const around = 20;
/** Places in the order that a burst's requests have, beyond any of the steady ones. */
const burstFrom = 1_000_000;
/** Milliseconds to stop it. */
const stopLimit = 15_000;

/**
 * What k6 runs. constant-arrival-rate is the open loop; each virtual user has one request under way, so rate × timeout of them are
 * enough for every request to hang. When it was due follows from its place in the order: what k6 was late with counts as latency.
 * iterationInTest does not count what was dropped, so with drops the clock takes over.
 */
const script = `
import http from "k6/http";
import exec from "k6/execution";
const c = JSON.parse(__ENV.LOAD);
export const options = {
  discardResponseBodies: true, noConnectionReuse: !c.keepAlive, noVUConnectionReuse: !c.keepAlive,
  scenarios: { load: { executor: "constant-arrival-rate", rate: c.rate, timeUnit: "1s", duration: c.seconds + "s",
    preAllocatedVUs: c.users, gracefulStop: c.timeout + 1000 + "ms" },
    ...(c.burst && { burst: { executor: "per-vu-iterations", vus: c.burst.n, iterations: 1, startTime: c.burst.at + "s",
      maxDuration: c.timeout + 1000 + "ms", gracefulStop: "1s" } }) },
};
export function setup() { console.log("${mark}0"); }
const params = { headers: c.headers, timeout: c.timeout, redirects: 0, responseCallback: null };
export default function () {
  const { iterationInTest, startTime, name } = exec.scenario;
  const burst = name === "burst";
  const index = iterationInTest + (burst ? ${burstFrom} : 0);
  const at = Date.now() - startTime + (burst ? c.burst.at * 1000 : 0);
  const { status, timings: t, headers: h, error } = http.request(c.method, c.url, c.body, params);
  console.log("${mark}" + JSON.stringify([index, at, t.blocked + t.connecting + t.tls_handshaking + t.duration, status,
    h["X-Served-By"], h["X-Version"], error || undefined]));
}
export function handleSummary({ metrics: { dropped_iterations: d } }) {
  return { stdout: "${mark}" + JSON.stringify({ dropped: d ? d.values.count : 0 }) + "\\n" };
}`;

/** Requests from the workbook's own pod inside the cluster, made by k6. */
export function loadInside(transport: Transport, load: LoadRequest, signal: AbortSignal): Generator {
  const id = `/tmp/workbook-load-${randomBytes(6).toString("hex")}`;
  const { url, method, headers, body, rate, seconds, timeout, keepAlive, burst } = load;
  const users = Math.ceil((rate * timeout) / 1_000) + 5;
  const settings = JSON.stringify({
    url,
    method,
    headers,
    body: body ?? null,
    rate,
    seconds,
    timeout,
    keepAlive,
    users,
    burst,
  });
  const command = [
    `trap 'rm -f ${id}.js ${id}.pid' EXIT`,
    `cat > ${id}.js <<'END-OF-SCRIPT'\n${script}\nEND-OF-SCRIPT`,
    // In the background, so that this shell stays to tidy up; its id is what stops it.
    `LOAD=${word(settings)} timeout --kill-after=2 ${Math.ceil(seconds + timeout / 1_000 + around)} ` +
      `k6 run --quiet --address '' --no-usage-report --log-format raw --log-output stdout ${id}.js &`,
    `echo $! > ${id}.pid; wait $!`,
  ].join("\n");
  /** The time limit's process leads a group with k6 in it: k6 ends at SIGTERM, and where it does not, the group is killed. */
  const kill = [
    `pid=$(cat ${id}.pid 2>/dev/null) || exit 0`,
    `kill -TERM "-$pid" || exit 0`,
    `for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "-$pid" || exit 0; sleep 0.2; done 2>/dev/null`,
    `kill -KILL "-$pid"; rm -f ${id}.js ${id}.pid`,
  ].join("\n");
  let asked: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    const limit = AbortSignal.timeout(stopLimit);
    asked ??= fromInside(transport, limit, (probe) => exec(transport, probe, ["sh", "-c", kill], limit)).then(
      () => {},
      // Its time limit ends it.
      () => {},
    );
    return asked;
  };
  return {
    async run({ ended, started }) {
      let dropped = 0;
      let behind = false;
      let said = "";
      const line = (text: string): void => {
        if (!text.startsWith(mark)) {
          behind ||= text.startsWith("Insufficient VUs");
          if (text !== "Request Failed") said ||= text.trim();
          return;
        }
        const data = JSON.parse(text.slice(mark.length)) as 0 | { dropped: number } | Line;
        if (data === 0) started();
        else if (Array.isArray(data)) ended(endedOf(data, load, behind));
        else dropped = data.dropped;
      };
      const onAbort = (): void => {
        void stop();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        const { code, stderr } = await fromInside(transport, signal, (probe) =>
          exec(transport, probe, ["sh", "-c", command], signal, { line }),
        );
        // 143: stopped, as asked.
        if (code !== 0 && !asked)
          throw new LookError(
            `The load generator inside the cluster ended with code ${code}: ${stderr.trim() || said || "no reason given"}.`,
          );
        return dropped;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    stop,
  };
}

/** Index, milliseconds since the start, milliseconds it took, status (0: none), pod, version, error. */
type Line = [number, number, number, number, string | null, string | null, string | null];

/** `behind`: requests were dropped, so that the place in the order no longer says when one was due. */
function endedOf(
  [index, at, took, status, pod, version, error]: Line,
  { rate, burst }: LoadRequest,
  behind: boolean,
): Ended {
  const ofBurst = index >= burstFrom;
  const due = ofBurst ? (burst?.at ?? 0) * 1_000 : behind ? at : (index * 1_000) / rate;
  return {
    index,
    at,
    due,
    took: Math.max(0, at - due) + took,
    ...(status > 0 && { status, pod: pod ?? undefined, version: version ?? undefined }),
    ...(error && { error }),
  };
}
