/** One inference as a request sees it: started? time and CPU, the dependency, the injected error, the answer. */
import { type Call, HttpError, type Reply, readBody } from "./http.ts";
import { drawError, halfPlusTwo, QueueFull, type Spent, sampleInstances } from "./predict.ts";
import type { Service } from "./service.ts";
import type { Trace } from "./trace.ts";

/** What an inference adds to the request's log line. */
interface Notes {
  queue_ms?: number;
  model_ms?: number;
  dependency_ms?: number;
  instances?: number;
}

export interface AppCall extends Call {
  trace: Trace;
  started: number;
  notes: Notes;
}

/** `/predict`: GET asks the model with sample instances, POST with the caller's. */
export async function predict(service: Service, call: AppCall): Promise<Reply> {
  const { config, pod, settings } = service;
  const instances = await readInstances(call, settings.live.batchSize);
  call.notes.instances = instances.length;
  await infer(service, call);
  const body = {
    predictions: instances.map(halfPlusTwo),
    model: config.modelName,
    version: config.version,
    pod,
    latency_ms: toMs(performance.now() - call.started),
  };
  return { status: 200, body };
}

/** `/` with -text: the text, after the same work as any inference. */
export async function echo(service: Service, call: AppCall, text: string): Promise<Reply> {
  if (call.method === "POST") await readBody(call.request);
  await infer(service, call);
  return { status: 200, body: `${text}\n`, headers: { "content-type": textType(text) } };
}

/** JSON is served as such, so that clients that look at the type can read it. */
function textType(text: string): string {
  try {
    JSON.parse(text);
    return "application/json";
  } catch {
    return "text/plain; charset=utf-8";
  }
}

/** Does the work; throws the HttpError that the request should be answered with. */
async function infer(service: Service, call: AppCall): Promise<void> {
  const { config, switches, metrics, model, features, health } = service;
  const { requestTimeoutSeconds } = service.settings.live;
  if (health.phase === "starting") {
    throw new HttpError(503, "loading", "the model is still loading", { "retry-after": "1" });
  }
  const injected = drawError(switches.errorRates, Math.random);
  // One timer and one signal for both ends of the wait: the client leaving and the time running out.
  const late = AbortSignal.timeout(requestTimeoutSeconds * 1000);
  try {
    const spent = await model.run(AbortSignal.any([call.signal, late]), () => callDependency(service, call));
    note(call.notes, spent);
    metrics.inference(spent.queueMs, spent.modelMs);
    metrics.feature("session_length", features.observe(switches.drift));
  } catch (error) {
    if (error instanceof QueueFull) {
      const message = `all ${config.concurrency} slots are busy and ${config.queueLimit} requests wait`;
      throw new HttpError(503, "queue_full", message, { "retry-after": "1" });
    }
    if (call.signal.aborted) throw new HttpError(499, "client_closed", "the client went away");
    if (late.aborted) throw new HttpError(504, "timeout", `no answer within ${requestTimeoutSeconds} s`);
    throw error;
  }
  if (injected !== undefined) throw new HttpError(injected, "injected", `injected error ${injected}`);
}

async function callDependency(service: Service, call: AppCall): Promise<void> {
  if (!service.dependency.used) return;
  const { ok, why, ms } = await service.dependency.call(call.trace);
  service.metrics.dependency(ok, ms);
  call.notes.dependency_ms = toMs(ms);
  if (!ok) throw new HttpError(502, "dependency_failed", `the dependency failed: ${why}`);
}

function note(notes: Notes, { queueMs, modelMs }: Spent): void {
  notes.queue_ms = toMs(queueMs);
  notes.model_ms = toMs(modelMs);
}

/** Milliseconds with one decimal: more would be noise. */
export function toMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

const example = 'send JSON such as {"instances":[1,2,5]}';

/** The numbers to predict for. Throws a 400 or 413 that says what is wrong with them. */
async function readInstances({ method, request }: Call, batchSize: number): Promise<readonly number[]> {
  if (method !== "POST") return sampleInstances;
  const bad = (type: string, message: string) => new HttpError(400, type, message);
  const text = await readBody(request);
  if (text.trim() === "") throw bad("empty_body", `the body is empty: ${example}`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    // The parser quotes the input at times; what a caller sent belongs neither in logs nor in answers.
    const position = /position \d+/.exec((error as Error).message)?.[0];
    throw bad("bad_json", `the body is not valid JSON${position ? ` (at ${position})` : ""}: ${example}`);
  }
  const instances = (body as { instances?: unknown } | null)?.instances;
  if (!Array.isArray(instances)) throw bad("bad_instances", `"instances" must be a list of numbers: ${example}`);
  if (instances.length === 0) throw bad("bad_instances", `"instances" is empty: ${example}`);
  if (instances.length > batchSize) {
    throw bad("batch_too_large", `${instances.length} instances in one request, at most ${batchSize} (BATCH_SIZE)`);
  }
  const wrong = instances.findIndex((value) => typeof value !== "number" || !Number.isFinite(value));
  if (wrong !== -1) throw bad("bad_instances", `instances[${wrong}] is not a finite number: ${example}`);
  return instances;
}
