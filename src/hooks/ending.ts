// How a hook ended, and what ends it before it does so by itself: its time limit, or the daemon's own end.

/** How a hook ended. */
export type HookEnding =
  | {
    readonly ok: true;
    /** What it wrote or was answered, bounded; see {@linkcode KeptOutput}. */
    readonly output: string;
  }
  | {
    readonly ok: false;
    /** In one line without secrets, going on from the hook's name: `exited with 3`. */
    readonly reason: string;
    /** As above. */
    readonly output: string;
  };

/** What a hook's actions look at to end in time. */
export interface HookLimit extends Disposable {
  /** Aborted when the time is over, and when the daemon stops. */
  readonly signal: AbortSignal;
  /** Aborted when the daemon stops: then nothing is waited for that can be done without. */
  readonly stopping: AbortSignal;
  /** Why the signal is aborted, as an ending's reason. */
  reason(): string;
}

/** Starts the time of one hook; disposing of it ends the timer. */
export function openLimit(timeoutMilliseconds: number, stopping: AbortSignal): HookLimit {
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(), timeoutMilliseconds);
  return {
    signal: AbortSignal.any([stopping, overdue.signal]),
    stopping,
    reason: () =>
      overdue.signal.aborted
        ? `took longer than ${timeoutMilliseconds / 1000} s and was ended`
        : "was ended because the daemon stops",
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** A hook that failed before there was any output. */
export function failed(reason: string, output = ""): HookEnding {
  return { ok: false, reason, output };
}
