/** A ConfigMap is changed while pods run that mount it: what the check judges and the experiment times. */
import { setTimeout as pause } from "node:timers/promises";
import type { Probes, Scene } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Facts } from "../facts.ts";
import { environmentOf } from "./reading.ts";

export interface Setting {
  value: number | string;
  from: "file" | "environment" | "default";
  environment?: string;
  file?: string;
}
export interface Told {
  config_dir: string | null;
  files: string[];
  settings: Record<string, Setting>;
}

/** What the process itself says of its settings. Undefined where it doesn't answer. */
export async function toldBy({ podGet }: Probes, pod: string, port: number): Promise<Told | undefined> {
  const { status, body } = await podGet(pod, port, "/config");
  if (status !== 200) return undefined;
  try {
    return JSON.parse(body) as Told;
  } catch {
    return undefined;
  }
}

/** Sets a key of a ConfigMap; it gets its former value back when the check or the experiment ends. */
export const change = ({ probes }: Scene, configMap: string, key: string, value: string): Promise<void> =>
  probes.disturb.patch(kinds.ConfigMap, configMap, { data: { [key]: value } });

/**
 * Makes the kubelet look at these pods at once: it syncs a pod whenever the pod changes, mounted files included, and otherwise about once a
 * minute. An annotation is enough of a change, and is taken off again at the end.
 */
export async function nudge({ probes }: Scene, pods: readonly string[]): Promise<void> {
  const metadata = { annotations: { "workbook.local/looked-at": new Date().toISOString() } };
  for (const pod of pods) await probes.disturb.patch(kinds.Pod, pod, { metadata });
}

/** Looks until each pod says the value, or until `limit` milliseconds are over. Gives what each says at the end. */
export async function untilSaid(
  { probes, signal }: Scene,
  lab: Facts,
  pods: readonly string[],
  value: string,
  limit: number,
): Promise<Map<string, Setting | undefined>> {
  const began = performance.now();
  const said = new Map<string, Setting | undefined>();
  for (;;) {
    for (const pod of pods) said.set(pod, (await toldBy(probes, pod, lab.backendPort))?.settings[lab.batchKey]);
    if ([...said.values()].every((one) => `${one?.value}` === value) || performance.now() - began > limit) return said;
    await pause(300, undefined, { signal });
  }
}

/** The variable in the process's environment, as the kernel has it. */
export const variableOf = async (probes: Probes, pod: string, key: string): Promise<string | undefined> =>
  (await environmentOf(probes, pod, undefined)).get(key);
