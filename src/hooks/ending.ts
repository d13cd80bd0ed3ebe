// The ending of a hook, and its limit: a hook is ended at its time limit, and when the daemon stops.
import { terminalText } from "../diagnostic/terminal_text.ts";

/** How a hook ended. */
export type HookEnding =
  | {
    readonly ok: true;
    /** The hook's output or the answer to it, bounded; see {@linkcode KeptOutput}. */
    readonly output: string;
  }
  | FailedEnding;

/** How a hook failed. */
export interface FailedEnding {
  readonly ok: false;
  /** In one line without secrets, continuing the hook's name: `exited with 3`. */
  readonly reason: string;
  /** As that of a success. */
  readonly output: string;
  /** Whether the action succeeded, and only the readiness failed. */
  readonly isCarriedOut?: true;
}

/** The limit of a hook's action, by which it ends in time. */
export interface HookLimit extends Disposable {
  /** Aborted when the time is over, and when the daemon stops. */
  readonly signal: AbortSignal;
  /** Aborted when the daemon stops: from then on the hook waits only for its end. */
  readonly stopping: AbortSignal;
  /** Why the signal is aborted, as an ending's reason. */
  reason(): string;
}

function tookTooLong(timeoutMilliseconds: number): string {
  return `took longer than ${timeoutMilliseconds / 1000} s and was ended`;
}

/** Starts the time limit of one hook; disposing of it ends the timer. */
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

/** Why a hook failed, with the last line of its output: a program mostly ends with its error. */
export function explained({ reason, output }: FailedEnding): string {
  const last = output.split("\n").map((line) => line.trim()).filter((line) => line !== "").at(-1);
  return last === undefined ? reason : `${reason}, and said: ${terminalText(last, MAX_QUOTED_CHARACTERS)}`;
}

const MAX_QUOTED_CHARACTERS = 200;

/** The ending of a hook that failed, mostly before there was any output. */
export function failed(reason: string, output = ""): FailedEnding {
  return { ok: false, reason, output };
}
