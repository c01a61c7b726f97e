import { useEffect, useState } from "preact/hooks";
import { clock } from "../stores/words.ts";

/** "0:07" since a moment, ticking once a second; "" while there is none. */
export function useElapsed(since: number | undefined): string {
  const [, tick] = useState(0);
  useEffect(() => {
    if (since === undefined) return;
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [since]);
  return since === undefined ? "" : clock(Date.now() - since);
}
