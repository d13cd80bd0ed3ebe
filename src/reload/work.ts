// One look or write in progress. However it ends (a value, a bug, an abort, or never), whoever waits for it is answered
// once; what answers late is ignored.

/** How work ended for whoever waited: `abandoned` says that it was given up, whether or not it still runs somewhere. */
export type Ending<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "abandoned" };

/** A piece of work that runs. */
export interface RunningWork<T> {
  /** Never rejects. */
  readonly ended: Promise<Ending<T>>;
  /** Resolves when the work itself is over, which is later than `ended` where it was abandoned; never rejects. */
  readonly over: Promise<void>;
  /** Tells the work to give up, by its signal, whose reason that is. */
  abort(reason?: unknown): void;
  /** Waits no longer. */
  abandon(): void;
}

/** Begins work at once. A throw after `abort` is how work gives up, not a bug: it ends as `abandoned`. */
export function beginWork<T>(run: (signal: AbortSignal) => Promise<T>): RunningWork<T> {
  const controller = new AbortController();
  const { promise: ended, resolve } = Promise.withResolvers<Ending<T>>();
  const over = (async () => {
    try {
      resolve({ kind: "done", value: await run(controller.signal) });
    } catch (error) {
      resolve(controller.signal.aborted ? { kind: "abandoned" } : { kind: "threw", error });
    }
  })();
  return {
    ended,
    over,
    abort: (reason) => controller.abort(reason),
    abandon: () => resolve({ kind: "abandoned" }),
  };
}
