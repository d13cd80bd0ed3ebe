// The process's signals: SIGHUP reloads, the first SIGTERM or SIGINT stops, a second one stops at once. SIGUSR1 and
// SIGUSR2, which would end the process by default, are only noted. The listeners end with their owner.

/** A function for each signal. They return at once, and only start long work. */
export interface SignalHandlers {
  /** SIGHUP. */
  readonly reload: () => void;
  /** The first SIGTERM or SIGINT. */
  readonly stop: (signal: Deno.Signal) => void;
  /** Every further one of them. */
  readonly stopNow: (signal: Deno.Signal) => void;
  /** A signal without a meaning, which does nothing. */
  readonly ignored?: (signal: Deno.Signal) => void;
}

/**
 * Listens for signals until the result is disposed of. The system's defaults apply again after that (a later SIGHUP
 * ends the process), so the owner of the process does it last.
 */
export function onSignals(handlers: SignalHandlers): Disposable {
  let stops = 0;
  const listeners = new Map<Deno.Signal, () => void>([["SIGHUP", () => handlers.reload()]]);
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    listeners.set(name, () => ++stops === 1 ? handlers.stop(name) : handlers.stopNow(name));
  }
  for (const name of ["SIGUSR1", "SIGUSR2"] as const) listeners.set(name, () => handlers.ignored?.(name));
  const remove = () => {
    for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    listeners.clear();
  };
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return { [Symbol.dispose]: remove };
}
