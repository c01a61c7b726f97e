import type { Probes, TrafficSample } from "../../../checkers/core/check.ts";
import type { Facts } from "../facts.ts";

/**
 * Requests in one sample for k ready pods. kube-proxy picks a pod at random for each connection, so n requests miss at least one of k
 * healthy pods with a probability of at most k(1 - 1/k)^n: for 2 pods and n = 40 that is 2 * 2^-40, under 2 in a million million; for 10 pods
 * and n = 200 it is 7 in a thousand million. A healthy Service is not failed by bad luck.
 */
export const sampleSize = (pods: number, least: number): number => Math.min(200, Math.max(least, 20 * pods));

/** Sends the requests of the lab through the Service, from new connections. */
export const throughService = ({ traffic }: Probes, { service, port }: Facts, n: number): Promise<TrafficSample> =>
  traffic({ service, port, path: "/", n });
