import type { Down } from "../../site/protocol.ts";
import { figure } from "./figures.ts";
import { type Bench, type Measured, type Part, pause } from "./part.ts";
import { slug } from "./stage.ts";

const changes = 60;
/** Not counted: the first changes warm up the server's code. */
const before = 6;

const stateOf = (message: Down): string | undefined =>
  message.type === "report" && message.report.lab === slug
    ? message.report.checks.find(({ id }) => id === "service")?.state
    : undefined;

async function run(bench: Bench): Promise<Measured> {
  const { signal } = bench;
  const { page, transport, namespace } = await bench.stage();
  const path = `/api/v1/namespaces/${namespace}/services/ml-inference-service`;
  const change = (port: number): Promise<unknown> =>
    transport.json(path, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { spec: { ports: [{ name: "http", port, targetPort: 5000, protocol: "TCP" }] } },
      signal,
    });
  const answered: number[] = [];
  const sent: number[] = [];
  try {
    for (let n = 0; n < changes + before; n++) {
      const right = n % 2 === 1;
      const seen = page.next(
        `the check "service" ${right ? "passes" : "fails"}`,
        (message) => stateOf(message) === (right ? "pass" : "fail"),
        15_000,
        signal,
      );
      seen.catch(() => {});
      const began = performance.now();
      await change(right ? 5000 : 5001);
      const answer = performance.now();
      const at = await seen;
      if (n >= before) {
        sent.push(at - began);
        answered.push(at - answer);
      }
      if (n % 20 === 0) bench.says(`change ${n} of ${changes + before}`);
      // Uneven, so as not to fall in step with anything.
      await pause(150 + ((n * 37) % 200), signal);
    }
  } finally {
    if (!signal.aborted) await change(5000);
  }
  const goal = { limit: 150, sense: "at most", of: "p95" } as const;
  return {
    figures: [
      figure("change answered → verdict on the page's socket", "ms", answered, goal),
      figure("change sent → verdict on the page's socket", "ms", sent),
    ],
    notes: [
      "A Service's port is patched to and fro on a running course; the page is an authenticated WebSocket client.",
      "Less than 0 ms: the watch was faster than the answer to the change.",
    ],
  };
}

export const verdict: Part = { name: "verdict", says: "from the API server's answer to the verdict on the page", run };
