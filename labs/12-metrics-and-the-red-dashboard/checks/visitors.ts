import type { Scene } from "../../../checkers/core/check.ts";
import type { KnownTraffic } from "../../../checkers/core/metrics.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { answered, nameOf } from "./objects.ts";

/** Seconds of traffic that are looked at, at most. */
const most = 120;
/** Scrapes that must lie within: two make a rate, a third says that it goes on. */
const scrapes = 3;
/** What the judge asks for, and a little more. */
const enough = { sent: 320, errors: 16 };
/** Seconds in which nothing was answered, after which nothing is what there is. */
const silence = 15;

export type Known =
  | { state: "known"; traffic: KnownTraffic }
  | { state: "too-early"; why: string }
  /** Nobody asks, or nobody is answered. */
  | { state: "none"; actual: string }
  | { state: "not-scraped"; actual: string };

interface Second {
  at: number;
  sent: number;
  answered: number;
  errors: number;
}

/**
 * The traffic that has flowed by itself: what the visitors wrote down for each second, from the moment Prometheus scraped all pods that
 * answer, to the last scrape; at most two minutes. `back`: seconds by which the end lies earlier.
 */
export async function knownTraffic(scene: Scene, lab: Facts, back = 0): Promise<Known> {
  const { cluster, probes, namespace } = scene;
  const pods = await cluster.list(kinds.Pod, { labels: { app: lab.visitors } });
  const sender = pods.find(isReady);
  if (!sender) return { state: "none", actual: `no pod of ${lab.visitors} runs` };
  const serving = await cluster.list(kinds.Pod, { labels: { app: lab.app } });
  const answering = serving.filter(isReady).map(nameOf);
  if (serving.length === 0) return { state: "none", actual: `no pod of ${lab.app} is there to answer` };
  if (answering.length === 0) return { state: "too-early", why: `no pod of ${lab.app} is ready` };

  const [lines, up] = await Promise.all([
    probes.logs(nameOf(sender), { lines: most * 2 + back }),
    probes.prometheus().query(`up{namespace="${namespace}"}[${most * 2 + back}s]`),
  ]);
  const seconds = lines.flatMap(({ json }) => (typeof json?.at === "number" ? [json as unknown as Second] : []));
  const latest = seconds.slice(-silence);
  const sent = sum(latest, "sent");
  if (latest.length === silence && sum(latest, "answered") === 0)
    return {
      state: "none",
      actual: `${lab.visitors} sent ${sent} requests in the last ${silence} s, and none was answered`,
    };

  const targets = answered(up)
    .map(({ labels, points }) => ({ pod: labels.pod ?? "", good: points.filter(([, value]) => value === 1) }))
    .filter(({ pod, good }) => answering.includes(pod) && good.length > 0);
  const missing = answering.filter((pod) => !targets.some((one) => one.pod === pod));
  if (targets.length === 0)
    return { state: "not-scraped", actual: `none of ${answering.join(", ") || "the pods"} has been scraped` };
  if (missing.length > 0) return { state: "too-early", why: `${missing.join(", ")} has not been scraped yet` };

  const to = Math.min(...targets.map(({ good }) => good.at(-1)?.[0] ?? 0)) - back;
  const began = Math.max(...targets.map(({ good }) => good[0]?.[0] ?? 0), seconds[0]?.at ?? 0);
  const from = Math.max(began, to - most);
  const inside = seconds.filter(({ at }) => at > from && at <= to);
  const traffic = { from, to, sent: sum(inside, "answered"), errors: sum(inside, "errors") };
  const short = traffic.sent < enough.sent || traffic.errors < enough.errors || to - from < scrapes * lab.interval;
  if (!short) return { state: "known", traffic };
  // Where hardly anything has come for two minutes, nothing better is to be expected.
  if (to - from >= most - lab.interval)
    return {
      state: "none",
      actual: `${traffic.sent} requests and ${traffic.errors} errors were answered in ${Math.round(to - from)} s`,
    };
  const age = Math.max(0, Math.round(to - from));
  return {
    state: "too-early",
    why: `Prometheus has seen ${Math.max(0, traffic.sent)} requests in ${age} s; ${enough.sent} and ${enough.errors} failed ones are needed to compare with, which takes about fifteen seconds`,
  };
}

const sum = (seconds: readonly Second[], what: "sent" | "answered" | "errors"): number =>
  seconds.reduce((total, one) => total + (Number(one[what]) || 0), 0);
