/** Runs with a signal that aborts on Ctrl-C (or a termination), so that whatever runs can tidy up. A second Ctrl-C ends at once. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>, says = "interrupted"): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(says));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await run(stop.signal);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
