// How a hook ended, and what ends it before it does so by itself: its time limit, or the daemon's own end.

/** How a hook ended. */
export type HookEnding =
  | {
    readonly ok: true;
    /** What it wrote or was answered, bounded; see {@linkcode KeptOutput}. */
    readonly output: string;
  }
  | FailedEnding;

/** How a hook failed. */
export interface FailedEnding {
  /** What tells it from a success. */
  readonly ok: false;
  /** In one line without secrets, going on from the hook's name: `exited with 3`. */
  readonly reason: string;
  /** As that of a success. */
  readonly output: string;
  /** Whether the hook did what it does, and only what it was done to was not ready. */
  readonly isCarriedOut?: true;
}

/** What a hook's actions look at to end in time. */
export interface HookLimit extends Disposable {
  /** Aborted when the time is over, and when the daemon stops. */
  readonly signal: AbortSignal;
  /** Aborted when the daemon stops: then nothing is waited for that can be done without. */
  readonly stopping: AbortSignal;
  /** Why the signal is aborted, as an ending's reason. */
  reason(): string;
}

/** The reason of a hook that took too long. */
function tookTooLong(timeoutMilliseconds: number): string {
  return `took longer than ${timeoutMilliseconds / 1000} s and was ended`;
}

/** Starts the time of one hook; disposing of it ends the timer. */
export function openLimit(
  timeoutMilliseconds: number,
  stopping: AbortSignal,
  overdueReason = tookTooLong(timeoutMilliseconds),
): HookLimit {
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(), timeoutMilliseconds);
  return {
    signal: AbortSignal.any([stopping, overdue.signal]),
    stopping,
    reason: () => overdue.signal.aborted ? overdueReason : "was ended because the daemon stops",
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** A hook that failed before there was any output. */
export function failed(reason: string, output = ""): FailedEnding {
  return { ok: false, reason, output };
}
