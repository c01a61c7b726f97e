/** Rate, errors, duration of every request, and how full the model is, in Prometheus' format. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Slots } from "./predict.ts";

/** Seconds. Finer around 100 ms, where the labs' percentiles lie. */
const seconds = [
  0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 10,
];

export interface Seen {
  method: string;
  route: string;
  status: number;
  seconds: number;
}

export class Metrics {
  readonly registry = new Registry();
  /** Requests being answered now. */
  inFlight = 0;
  readonly #labels: { version: string };
  readonly #requests: Counter;
  readonly #duration: Histogram;
  readonly #queue: Histogram;
  readonly #model: Histogram;
  readonly #dependency: Histogram;
  readonly #feature: Histogram;

  constructor(version: string, model: string, slots: Slots) {
    this.#labels = { version };
    const registers = [this.registry];
    const red = ["method", "route", "status", "version"];
    this.#requests = new Counter({
      name: "http_requests_total",
      help: "Requests answered; status 499 means that the client went away first.",
      labelNames: red,
      registers,
    });
    this.#duration = new Histogram({
      name: "http_request_duration_seconds",
      help: "Time from a request's arrival to its answer.",
      labelNames: red,
      buckets: seconds,
      registers,
    });
    const histogram = (name: string, help: string, labelNames: string[] = ["version"], buckets = seconds) =>
      new Histogram({ name, help, labelNames, buckets, registers });
    this.#queue = histogram("inference_queue_seconds", "Time an inference waited for a slot.");
    this.#model = histogram("inference_duration_seconds", "Time the model took, without the wait.");
    this.#dependency = histogram("dependency_request_duration_seconds", "Time of calls to the dependency.", [
      "outcome",
      "version",
    ]);
    this.#feature = histogram(
      "model_feature_value",
      "The feature as observed; its baseline has mean 0 and standard deviation 1.",
      ["feature", "version"],
      [-3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6],
    );
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge("http_requests_in_flight", "Requests being answered now.", () => this.inFlight);
    gauge("inference_queue_depth", "Inferences waiting for a slot.", () => slots.waiting);
    gauge("inference_slots_busy", "Slots in use.", () => slots.busy);
    gauge("inference_slots", "Slots there are.", () => slots.limit);
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", () => process.memoryUsage.rss());
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", () => startTime);
    const cpu = new Counter({
      name: "process_cpu_seconds_total",
      help: "Total user and system CPU time spent in seconds.",
      registers,
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    });
    cpu.inc(0);
    new Gauge({
      name: "model_info",
      help: "Always 1; its labels tell which model and version serve.",
      labelNames: ["model", "version"],
      registers,
    }).set({ model, version }, 1);
  }

  request({ method, route, status, seconds: took }: Seen): void {
    const labels = { method, route, status: String(status), ...this.#labels };
    this.#requests.inc(labels);
    this.#duration.observe(labels, took);
  }

  inference(queueMs: number, modelMs: number): void {
    this.#queue.observe(this.#labels, queueMs / 1000);
    this.#model.observe(this.#labels, modelMs / 1000);
  }

  dependency(ok: boolean, ms: number): void {
    this.#dependency.observe({ outcome: ok ? "ok" : "failed", ...this.#labels }, ms / 1000);
  }

  feature(feature: string, value: number): void {
    this.#feature.observe({ feature, ...this.#labels }, value);
  }
}

const startTime = Date.now() / 1000 - process.uptime();
