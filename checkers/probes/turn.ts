import type { Transport } from "../kube/transport.ts";
import { type LeaseOptions, measureLease, namespaceLease, withLease } from "./lease.ts";
import { takeLeftoversBack, unfinished } from "./undo.ts";

export interface TurnOptions extends LeaseOptions {
  /** Nothing else in the cluster may measure or disturb meanwhile, not only nothing in this namespace. */
  alone: boolean;
}

/**
 * Acts when it is this namespace's turn to be measured or disturbed. What runs that died left behind is taken back first: in this
 * namespace, and when alone in every other where nothing runs (a node may still be cordoned). Rejects with Busy as withLease() does.
 */
export function inTurn<T>(
  transport: Transport,
  namespace: string,
  { alone, ...options }: TurnOptions,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const here = (until: AbortSignal): Promise<T> =>
    withLease(transport, namespaceLease(namespace), options, until, async (held) => {
      await takeLeftoversBack(transport, namespace).catch(ofTheDead);
      return act(held);
    });
  if (!alone) return here(signal);
  return withLease(transport, measureLease, options, signal, async (held) => {
    await tidyElsewhere(transport, namespace, held);
    return here(held);
  });
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
