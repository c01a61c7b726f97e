import type { Transport } from "../kube/transport.ts";
import { type LeaseOptions, measureLease, namespaceLease, withLease } from "./lease.ts";
import { takeLeftoversBack, unfinished } from "./undo.ts";

/** Lets in one after the other what one process measures, before it asks the cluster whether others do. */
export interface Line {
  measure<T>(run: () => Promise<T>): Promise<T>;
  /** How many measure, or wait for that. */
  readonly ahead: number;
}

export interface TurnOptions extends LeaseOptions {
  /** Nothing else in the cluster may measure or disturb meanwhile, not only nothing in this namespace. */
  alone: boolean;
  /** Default: the cluster is asked at once. */
  line?: Line | undefined;
}

/**
 * Acts when it is this namespace's turn to be measured or disturbed. What runs that died left behind is taken back first: in this
 * namespace, and when alone in every other where nothing runs (a node may still be cordoned). Rejects with Busy as withLease() does.
 */
export function inTurn<T>(
  transport: Transport,
  namespace: string,
  options: TurnOptions,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withLease(transport, namespaceLease(namespace), options, signal, async (held) => {
    await takeLeftoversBack(transport, namespace).catch(ofTheDead);
    return options.alone ? alone(transport, namespace, options, held, act) : act(held);
  });
}

/**
 * Acts when nothing else in the cluster measures. For who has this namespace's turn already: everybody takes the two in this order, so that no two wait
 * for each other. Rejects with Busy as withLease() does.
 */
export function alone<T>(
  transport: Transport,
  namespace: string,
  { line, ...options }: Omit<TurnOptions, "alone">,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const measured = (): Promise<T> =>
    withLease(transport, measureLease, options, signal, async (held) => {
      await tidyElsewhere(transport, namespace, held);
      return act(held);
    });
  return line ? line.measure(measured) : measured();
}

async function tidyElsewhere(transport: Transport, namespace: string, signal: AbortSignal): Promise<void> {
  const others = (await unfinished(transport).catch(() => [])).filter((one) => one !== namespace);
  for (const other of others) {
    const options = { says: "putting back what was disturbed", wait: 0 };
    // Busy: whoever holds it is alive, and puts it back.
    await withLease(transport, namespaceLease(other), options, signal, () => takeLeftoversBack(transport, other)).catch(
      ofTheDead,
    );
    signal.throwIfAborted();
  }
}

/** What a dead run left and cannot be taken back is not the next one's mistake. */
const ofTheDead = (): void => {};
